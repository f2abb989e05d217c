"""A rule's fixtures: the articles that must fire it and those that must not."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from newswatch_core.config import ConfigError, Model, Problem, Versioned, load
from newswatch_core.events import Article, event_time, hash_id, revision_of, utc_now

Expected = Literal["fires", "silent"]


class Inline(Model):
    """A fixture written into the rule itself."""

    title: str = ""
    text: str = ""
    language: str = ""
    outlet: str = "Fixture"
    country: str = ""


class Fixtures(Model):
    """Paths relative to the desk's folder, or articles written inline."""

    fires: tuple[str | Inline, ...] = ()
    silent: tuple[str | Inline, ...] = ()


class ArticleFile(Versioned):
    """One file of the desk's folder articles/: an article for fixtures and for the sample feed."""

    id: str = ""
    outlet: Annotated[str, StringConstraints(min_length=1)] = "Fixture"
    owner: str = ""
    url: str = ""
    language: str = ""
    title: Annotated[str, StringConstraints(min_length=1)]
    text: str = ""
    kind: str = "press"
    country: str = ""
    sample: bool = Field(default=True, description="whether the sample feed serves it, too; never judged")
    notes: str = Field(default="", description="what the article shows; never judged")


def read_fixture(fixture: str | Inline, desk: Path) -> Article:
    """The article of a fixture. Raises ConfigError where its file cannot be read or lies outside the desk."""
    if isinstance(fixture, Inline):
        return _article(ArticleFile(version="1", **fixture.model_dump(exclude={"title"}), title=fixture.title or " "))
    path = desk / fixture
    if not path.resolve().is_relative_to(desk.resolve()):
        raise ConfigError([Problem(fixture, 0, "a fixture must lie in the desk's folder", "copy it to articles/")])
    return _article(load(path, ArticleFile, root=desk).model)


def describe(fixture: str | Inline) -> str:
    """How messages name a fixture."""
    if isinstance(fixture, str):
        return fixture
    return f"the inline fixture {(fixture.title or fixture.text)[:60]!r}"


def _article(file: ArticleFile) -> Article:
    now = utc_now()
    title = file.title.strip()
    return Article(
        id=file.id or hash_id("fixture", file.url, title, file.text),
        revision=revision_of(title, file.text),
        feed="fixtures",
        outlet=file.outlet,
        owner=file.owner or file.outlet,
        kind=file.kind,
        country=file.country,
        url=file.url,
        final_url=file.url,
        title=title,
        text=file.text,
        text_from="page",
        language=file.language,
        published=None,
        seen=now,
        at=event_time(None, now),
    )
