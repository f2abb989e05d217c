"""What else a name means in this very article: an acronym spelled out, a capital that only begins a sentence."""

from newswatch_core.text import Document, fold

_SMALL_WORDS = frozenset(
    map(
        fold,
        """
        a an and at da das de del der des di die do dos du e el en et for für i in la las le les los of on
        para pour the und y à и на по в
        """.split(),  # noqa: SIM905  # a list of one string each would be four times as long
    )
)
_LONGEST = 12


def spelled_out(document: Document, first: int, last: int) -> str:
    """The full name that an acronym stands behind in brackets, or that stands in brackets behind it; or "".

    The Compagnie sucrière sénégalaise (CSS); CSS (Cascading Style Sheets): the names that begin with its letters.
    """
    acronym = fold(document.words[first])
    sentence = document.sentence_holding(first)
    if first > sentence.first and document.between(first - 1).strip().endswith("("):
        words = [word for word in document.words[max(sentence.first, first - _LONGEST) : first] if not _is_small(word)]
        return _of_these_letters(words[-len(acronym) :], acronym)
    if last < sentence.last and document.between(last - 1).strip() == "(":
        words = [word for word in document.words[last : min(last + _LONGEST, sentence.last)] if not _is_small(word)]
        return _of_these_letters(words[: len(acronym)], acronym)
    return ""


def common_word(document: Document, first: int) -> str:
    """The word as a common one, where it begins a sentence and elsewhere stands in small letters only; or "".

    "Poutine is a dish. They ate poutine": the capital says nothing.
    """
    word = document.words[first]
    if first != document.sentence_holding(first).first or word.isupper() or word.islower():
        return ""
    small = word[0].lower() + word[1:]
    return small if small in document.words_inside and word not in document.words_inside else ""


def _of_these_letters(words: list[str], acronym: str) -> str:
    """These words, if their first letters are the acronym's."""
    letters = "".join(fold(word)[:1] for word in words)
    return " ".join(words) if letters == acronym else ""


def _is_small(word: str) -> bool:
    return fold(word) in _SMALL_WORDS or (len(word) == 1 and word.islower())
