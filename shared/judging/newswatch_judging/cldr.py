"""A country's names from CLDR (Unicode's Common Locale Data Repository), as an entity to be reviewed."""

import re
from collections.abc import Iterator, Sequence

from babel import Locale, UnknownLocaleError
from babel import __version__ as babel_version

from newswatch_core.codes import COUNTRIES, LANGUAGES, language_hint
from newswatch_core.text import fold, words
from newswatch_judging.names import suggest

DEFAULT_LANGUAGES = ("en", "fr", "ru", "ar", "es", "pt", "de", "tr", "zh", "pl")
_FURTHER = {"pt": ["pt_PT"], "zh": ["zh_Hant"], "sr": ["sr_Latn"], "uz": ["uz_Cyrl"], "az": ["az_Cyrl"]}
"""Other ways to write a language, with names of their own."""
_NOT_AS_WRITTEN = re.compile(r"[()\[\]&/]| - ")
"""Marks of a name that is CLDR's own, such as 'Congo - Kinshasa' and 'Myanmar (Burma)'."""


class NoNamesError(ValueError):
    """CLDR cannot be asked that. Its text says why and what to write."""


def countries_file(countries: Sequence[str], languages: Sequence[str] = DEFAULT_LANGUAGES) -> str:
    """A file for the folder entities/, with places marked TODO. Raises NoNamesError for what CLDR does not know."""
    locales = {language: _locales(language) for language in dict.fromkeys(languages)}
    codes = [_country(country) for country in dict.fromkeys(countries)]
    lines = [
        f"# Names from CLDR (Babel {babel_version}), for review: no name has a guard, each counts wherever it stands.",
        "# What CLDR does not have is marked TODO: adjectives, demonyms, the capital, what the names mean besides.",
        "version: 1",
        "entities:",
    ]
    for code in codes:
        lines += _entity(code, locales)
    return "\n".join(lines) + "\n"


def _country(code: str) -> str:
    if code.upper() in COUNTRIES:
        return code.upper()
    names = {name.lower(): found for found, name in Locale("en").territories.items() if found in COUNTRIES}
    hint = "did you mean GB?" if code.upper() == "UK" else suggest(code, names, "", "country")
    for name, found in names.items():
        hint = f"did you mean {found}?" if hint == f"did you mean {name}?" else hint
    raise NoNamesError(f"no country {code!r}: two letters such as ML ({hint})")


def _locales(language: str) -> Sequence[Locale]:
    if language not in LANGUAGES:
        raise NoNamesError(f"no language {language!r} ({language_hint(language)})")
    try:
        return [Locale.parse(name) for name in (language, *_FURTHER.get(language, ()))]
    except (UnknownLocaleError, ValueError):
        raise NoNamesError(f"CLDR has no names in {language!r} ({LANGUAGES[language]}): leave it out") from None


def _entity(code: str, locales: dict[str, Sequence[Locale]]) -> Iterator[str]:
    name = Locale("en").territories[code]
    yield f"  - id: {_id(name)}"
    yield f"    name: {_scalar(name)}"
    yield "    type: country"
    yield "    # TODO people: [...]      heads of state and ministers, for @...+"
    yield "    # TODO context: [...]     words that prove an ambiguous name: neighbours, the capital, leaders"
    yield "    # TODO blocked: [...]     longer names that are something else: rivers, towns, dishes, breeds, outlets"
    yield "    aliases:"
    for language, written in locales.items():
        yield f"      {language}:{_of_no_name(code, written)}"
        yield from _names(code, written)
        yield f"        # TODO {LANGUAGES[language]}: adjective, demonym; the capital as {{text: ..., metonym: true}}"


def _names(code: str, written: Sequence[Locale]) -> Iterator[str]:
    names = dict.fromkeys(locale.territories[code] for locale in written if code in locale.territories)
    for name in names:
        if _NOT_AS_WRITTEN.search(name):
            yield f"        # TODO {_scalar(name)} is CLDR's own way: write the name as the press does"
        else:
            yield f"        - {_scalar(name)}{_short(name)}"


def _of_no_name(code: str, written: Sequence[Locale]) -> str:
    """An empty list where no name can be taken over as it is: a language without one would be a mistake."""
    usable = any(not _NOT_AS_WRITTEN.search(locale.territories.get(code, "&")) for locale in written)
    return "" if usable else " []"


def _short(name: str) -> str:
    return "      # short: others may share it" if len(name) <= 4 and name.isascii() else ""


def _id(name: str) -> str:
    return "-".join(re.sub(r"[^a-z0-9]", "", fold(word)) for word in words(name.replace("’", " ")))


def _scalar(text: str) -> str:
    """Plain where YAML takes it as it is, else in single quotes."""
    return text if re.fullmatch(r"[^\W\d_][\w’.-]*( [\w’.-]+)*", text) else "'" + text.replace("'", "''") + "'"
