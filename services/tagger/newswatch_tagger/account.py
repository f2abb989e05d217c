"""What the tagger makes of an article: its mentions with their proofs, and what guards refused."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from newswatch_core.accounts import Account, Inquiry, Section, Step, counted
from newswatch_core.events import Article, Mention
from newswatch_judging.desk import Judging, load_tagging
from newswatch_judging.gazetteer import Tagged

_MOST = 5


def account(inquiry: Inquiry) -> Account:
    """Tags the article as the desk's entities are now. Raises ConfigError."""
    article = inquiry.article
    if article is None:
        return Account()
    judging = load_tagging(inquiry.desk)
    tagged = judging.tagged(article)
    number = len({mention.entity for mention in tagged.mentions})
    text = f"{counted(len(tagged.mentions), 'mention')} of {counted(number, 'entity', 'entities')}"
    text += f", {len(tagged.refused)} refused" if tagged.refused else ""
    facts = {
        "mentions": [_shown(article, mention) | {"proof": mention.proof} for mention in tagged.mentions],
        "refused": [_shown(article, mention) | {"why": why} for mention, why in tagged.refused],
    }
    sections = [] if inquiry.rule else [Section("Entities", list(_lines(judging, article, tagged)))]
    return Account(steps=[Step("tagged", text)], sections=sections, facts=facts)


def _shown(article: Article, mention: Mention) -> dict[str, Any]:
    names = ("entity", "alias", "start", "end", "zone")
    return {name: getattr(mention, name) for name in names} | {"words": words_of(article, mention)}


def words_of(article: Article, mention: Mention) -> str:
    """The words of the article that were taken for the entity, on one line."""
    source = article.title if mention.zone == "title" else article.text
    return " ".join(source[mention.start : mention.end].split())


def _lines(judging: Judging, article: Article, tagged: Tagged) -> Iterator[str]:
    by_entity: dict[str, list[Mention]] = {}
    for mention in tagged.mentions:
        by_entity.setdefault(mention.entity, []).append(mention)
    for entity, mentions in sorted(by_entity.items()):
        yield f"{judging.entities[entity].name} (@{entity}): {'; '.join(_places(article, mentions))}"
    refused = Counter((mention.entity, words_of(article, mention), why) for mention, why in tagged.refused)
    for (entity, words, why), number in refused.items():
        times = f" ({number} times)" if number > 1 else ""
        yield f'not {judging.entities[entity].name} (@{entity}): "{words}"{times}, {why}'
    if not by_entity and not refused:
        yield "none that the desk tracks"


def _places(article: Article, mentions: Sequence[Mention]) -> Iterator[str]:
    """The ways the entity is written, each with how often, where, and what proved it."""
    written: dict[tuple[str, str], list[str]] = {}
    for mention in mentions:
        zones = written.setdefault((words_of(article, mention), mention.proof), [])
        zones.append(mention.zone)
    for (words, proof), zones in list(written.items())[:_MOST]:
        where = ", ".join(f"{zone}{f' x{number}' if number > 1 else ''}" for zone, number in Counter(zones).items())
        yield f'"{words}" in {where}' + (f", proven {proof}" if proof else "")
    if len(written) > _MOST:
        yield f"and {len(written) - _MOST} other spellings"
