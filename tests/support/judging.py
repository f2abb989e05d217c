"""Small desks and articles for tests of the judging library."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent, indent

from newswatch_core.events import Article, Mention
from newswatch_judging.desk import Judging
from tests.support.articles import article as make_article

ENTITIES = """
    version: 1
    entities:
      - id: css
        name: Confederation of Sahel States
        members: [mali, niger]
        people: [goita]
        context: [Sahel, Bamako]
        blocked: [Alliance Sahel, AES-256]
        aliases:
          en: [Confederation of Sahel States]
          fr: [Confédération des États du Sahel]
          ru: [Конфедерация государств Сахеля]
          ar: [كونفدرالية دول الساحل]
          any:
            - text: AES
              case: exact
              never-alone: true
              forbids: {words: [encryption], within: 5}
              also-means: [Advanced Encryption Standard]
            - {text: CES, case: exact, languages: [es, fr], requires: {words: [Sahel], within: 6}}
      - id: russia
        name: Russia
        type: country
        blocked: [Russian roulette, 'Moscow, Idaho']
        aliases:
          en: [Russia, Russian, {text: Moscow, metonym: true}]
          fr: [Russie, russe]
          ru: [Россия, российский]
          ar: [روسيا]
      - id: mali
        name: Mali
        type: country
        blocked: [Mali GPU]
        aliases: {any: [Mali], en: [Malian], fr: [malien], ru: [Мали]}
      - id: niger
        name: Niger
        type: country
        blocked: [Niger State]
        aliases: {en: [Niger, Nigerien], fr: [Niger, nigérien], ru: [Нигер]}
      - id: nigeria
        name: Nigeria
        type: country
        aliases: {en: [Nigeria, Nigerian, Niger State], fr: [Nigeria, nigérian], ru: [Нигерия]}
      - id: goita
        name: Assimi Goïta
        type: person
        aliases: {any: [Assimi Goïta], ru: [Ассими Гойта]}
"""

KEYWORDS = """
    version: 1
    keywords:
      - id: embassy
        name: embassy
        en: [embassy]
        fr: [ambassade]
        ru: [посольство]
        ar: [سفارة]
        blocked: [Embassy Suites]
      - id: military-force
        name: military force
        en: [military force, joint force]
        fr: [force militaire]
        ru: [военная сила, объединённые силы]
        ar: [قوة عسكرية]
"""


def article(title: str = "", text: str = "", language: str = "en", **more: str) -> Article:
    """An article with these words; `more` are further fields, such as outlet or country."""
    return make_article(title=title, text=text, language=language, **more)


def write_desk(folder: Path, rules: str = "", entities: str = ENTITIES, keywords: str = KEYWORDS) -> Path:
    """A desk in `folder`; `rules` is the list as YAML."""
    (folder / "entities").mkdir(parents=True, exist_ok=True)
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "entities" / "all.yaml").write_text(dedent(entities))
    (folder / "keywords.yaml").write_text(dedent(keywords))
    body = indent(dedent(rules).strip("\n"), "  ") or "  []"
    (folder / "rules" / "all.yaml").write_text(f"version: 1\nrules:\n{body}\n")
    return folder


def desk_with(folder: Path, query: str) -> Judging:
    """A desk with one rule, `it`."""
    quoted = query.replace("'", "''")
    return Judging.load(write_desk(folder, f"- {{id: it, title: It, query: '{quoted}'}}"))


def counted(mentions: Sequence[Mention]) -> set[str]:
    """The entities mentioned in the story itself."""
    return {mention.entity for mention in mentions if mention.zone in {"title", "lead", "body"}}
