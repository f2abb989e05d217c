"""What the reading commands show."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Column, Connection, Label, RowMapping, Table, func, select

from newswatch_core.storage.schema import alerts, articles, dead_letters, deliveries, feeds, near_misses, stories

Row = RowMapping


def counts(tx: Connection) -> Mapping[str, int]:
    """How many articles, stories, alerts and dead letters there are, and deliveries by state."""
    result = {table.name: _count(tx, table) for table in (articles, stories, alerts, dead_letters)}
    by_state = tx.execute(select(deliveries.c.state, func.count()).group_by(deliveries.c.state))
    return result | {f"deliveries {state}": int(number) for state, number in by_state}


def _count(tx: Connection, table: Table) -> int:
    return int(tx.execute(select(func.count()).select_from(table)).scalar_one())


def feed_rows(tx: Connection) -> Sequence[Row]:
    """The feeds, those in trouble first."""
    query = select(feeds).order_by(feeds.c.failures.desc(), feeds.c.id)
    return list(tx.execute(query).mappings())


def alert_rows(tx: Connection, limit: int) -> Sequence[Row]:
    """The latest alerts, newest first, with their first article's title and outlet's feed."""
    told = (alerts.c.id, alerts.c.rule, alerts.c.severity, alerts.c.opened, alerts.c.matches)
    query = select(*told, _of_article(alerts, articles.c.title), _of_article(alerts, articles.c.url))
    return list(tx.execute(query.order_by(alerts.c.opened.desc(), alerts.c.id).limit(limit)).mappings())


def waiting_rows(tx: Connection) -> Sequence[Row]:
    """By receiver, the deliveries that are not at their end: how many, the earliest next try, and what the last met."""
    waiting = deliveries.c.state.not_in(("sent", "dead"))
    columns = (deliveries.c.receiver, func.count().label("number"), func.min(deliveries.c.due).label("due"))
    query = select(*columns, func.max(deliveries.c.problem).label("problem")).where(waiting)
    return list(tx.execute(query.group_by(deliveries.c.receiver).order_by(deliveries.c.receiver)).mappings())


def near_miss_rows(tx: Connection, since: datetime, rule: str, limit: int) -> Sequence[Row]:
    """The near misses since then, of one rule if it is named, newest first; `title` and `url` are None where gone."""
    of_article = (_of_article(near_misses, articles.c.title), _of_article(near_misses, articles.c.url))
    query = select(near_misses, *of_article).where(near_misses.c.at >= since)
    if rule:
        query = query.where(near_misses.c.rule == rule)
    order = (near_misses.c.at.desc(), near_misses.c.article, near_misses.c.rule)
    return list(tx.execute(query.order_by(*order).limit(limit)).mappings())


def _of_article(table: Table, column: Column[str]) -> Label[str]:
    """A column of the article revision that a row is about. PostgreSQL may hold that twice, with different days."""
    here = (articles.c.id == table.c.article, articles.c.revision == table.c.revision)
    query = select(column).where(*here).order_by(articles.c.seen).limit(1).correlate(table)
    return query.scalar_subquery().label(column.name)
