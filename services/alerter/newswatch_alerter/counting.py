"""Rules with `count`: when enough different stories, or outlets, have matched within a time. Reads and writes nothing.

    count: {stories: 3, within: 24h}

The alert of such a rule belongs to no story: it is opened by the article that completes the number, takes in what
matches while it is open, and what counted for it counts for no other.
"""

from collections import Counter
from collections.abc import Sequence

from newswatch_core.events import CountedArticle, TaggedArticle
from newswatch_judging.rules import Count


def counted_article(event: TaggedArticle) -> CountedArticle:
    article = event.article
    return CountedArticle(
        id=article.id, story=event.story, title=article.title, outlet=article.outlet, url=article.url, at=article.at
    )


def reached(count: Count, waiting: Sequence[CountedArticle], own: CountedArticle) -> Sequence[CountedArticle]:
    """One article of each story or outlet, the oldest first, if with `own` there are enough within the time; else none.

    Of several times that would do, the one with the most is taken; they all hold `own`.
    """
    near = [one for one in waiting if one.id != own.id and abs(one.at - own.at) <= count.within]
    articles = sorted([*near, own], key=lambda one: (one.at, one.id))
    best: Sequence[CountedArticle] = ()
    most, inside, end = count.number - 1, Counter[str](), 0
    for start, first in enumerate(articles):
        if first.at > own.at:
            break
        while end < len(articles) and articles[end].at - first.at <= count.within:
            inside[_key(count, articles[end])] += 1
            end += 1
        if len(inside) > most:
            best, most = articles[start:end], len(inside)
        inside[_key(count, first)] -= 1
        inside += Counter()
    firsts = {_key(count, one): one for one in reversed(best)}
    return sorted(firsts.values(), key=lambda one: (one.at, one.id))


def _key(count: Count, article: CountedArticle) -> str:
    return article.story if count.stories else " ".join(article.outlet.casefold().split())
