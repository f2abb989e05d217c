"""The quick look at a line lets all through that one of the patterns takes for something else than story."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newswatch_core.text import read
from newswatch_core.zonepatterns import AGENCY, CREDIT_HEADS, RELATED_HEADS, RIGHTS, SIGN_UP, TAG_HEADS


def alternatives(pattern: str) -> Iterator[str]:
    """The parts of a pattern that stand between bars of its outermost level."""
    depth, begin = 0, 0
    for place, character in enumerate(pattern):
        escaped = pattern[place - 1 : place] == "\\"
        if character in "([" and not escaped:
            depth += 1
        elif character in ")]" and not escaped:
            depth -= 1
        elif character == "|" and not depth:
            yield pattern[begin:place]
            begin = place + 1
    yield pattern[begin:]


def last_zone(line: str) -> str:
    return read("", f"They met in the hall.\n\n{line}").sentences[-1].zone


def written(part: str) -> st.SearchStrategy[str]:
    """Lines that match the pattern, as one would write them."""
    letters = re.sub(r"\\s", " ", part)
    return st.from_regex(re.compile(letters), fullmatch=True).filter(lambda line: "\n" not in line)


@pytest.mark.parametrize("part", sorted({part for heads in (RELATED_HEADS, TAG_HEADS) for part in alternatives(heads)}))
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_every_head_of_links_and_tags_is_known_by_its_first_word(part: str, data: st.DataObject):
    head = data.draw(written(part))

    assert last_zone(f"{head}: Russia") == "related"
    assert last_zone(f"{head.capitalize()}: Russia") == "related"


@pytest.mark.parametrize("part", sorted(set(alternatives(SIGN_UP))))
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_every_call_to_sign_up_is_known_by_its_first_word(part: str, data: st.DataObject):
    assert last_zone(f"{data.draw(written(part))} Russia") == "related"


@pytest.mark.parametrize("part", sorted(set(alternatives(CREDIT_HEADS))))
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_every_head_of_a_credit_is_known_by_its_first_word(part: str, data: st.DataObject):
    assert last_zone(f"{data.draw(written(part))}: Russia") == "credit"


@pytest.mark.parametrize("part", sorted(set(alternatives(AGENCY))))
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_every_agency_is_known_by_its_first_word(part: str, data: st.DataObject):
    assert last_zone(data.draw(written(part))) == "credit"


@pytest.mark.parametrize("part", sorted(set(alternatives(RIGHTS))))
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_every_notice_of_rights_is_known_by_its_first_word(part: str, data: st.DataObject):
    assert last_zone(f"{data.draw(written(part.removesuffix(chr(92) + 'b')))} Russia") == "credit"
