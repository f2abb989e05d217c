"""What the deduplicator knows of an article: whose copy it is, and which story it belongs to."""

from collections.abc import Mapping

from sqlalchemy import select

from newswatch_core.accounts import Account, Inquiry, Step, counted
from newswatch_core.events import Article
from newswatch_core.ports import Tx
from newswatch_core.storage.articles import stored_articles
from newswatch_core.storage.schema import stories
from newswatch_deduplicator.memory import Decision
from newswatch_deduplicator.store import load_decisions


def account(inquiry: Inquiry) -> Account:
    """What was decided on the article's revision, or on an earlier one of it."""
    article = inquiry.article
    if article is None or not inquiry.stored:
        return Account()
    decided = load_decisions(inquiry.tx, [article.id]).get(article.id, {})
    decision = decided.get(article.revision)
    if decision is None:
        text = "not yet, or too long ago for the decision to be kept"
        return Account(steps=[Step("deduplicated", text)], facts={"decided": False})
    story, number = story_of(inquiry.tx, decision.story)
    also = f", which holds {counted(number, 'article')}" if number else ""
    merged = f" (merged since from story {decision.story})" if story != decision.story else ""
    text = _whose(inquiry.tx, article, decision) + f" story {story}{merged}{also}"
    facts = {"decided": True, "copy_of": decision.copy_of, "story": story, "articles": number}
    return Account(steps=[Step("deduplicated", text)], facts=facts)


def story_of(tx: Tx, story: str) -> tuple[str, int]:
    """What the story is part of by now, and how many articles that holds."""
    seen: set[str] = set()
    articles = 0
    while story not in seen:
        seen.add(story)
        row = tx.execute(select(stories.c.into, stories.c.articles).where(stories.c.id == story)).first()
        if row is None:
            break
        articles = row.articles
        story = row.into or story
    return story, articles


def _whose(tx: Tx, article: Article, decision: Decision) -> str:
    if decision.copy_of is None:
        return "the first of its" if decision.story == article.id else "no copy; it belongs to"
    originals: Mapping[str, Article] = {each.id: each for each in stored_articles(tx, [decision.copy_of])}
    original = originals.get(decision.copy_of)
    named = f'"{original.title}" ({original.outlet}, {original.url})' if original else f"article {decision.copy_of}"
    return f"a copy of {named}, which was seen before; it belongs to"
