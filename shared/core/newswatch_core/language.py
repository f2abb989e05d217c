"""Which language a text is in."""

from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

_READ_AT_MOST = 600
_SURE = 0.45
# Of the model's labels, those that the press is likely to be written in: the rest only draws short texts away.
_LANGUAGES = (
    "am ar az be bg bn ca cs da de el en es et fa fi fr ha he hi hr hu hy id it ja ka kk km ko lt lv mk ms my ne nl no "
    "pl ps pt ro ru sk sl so sq sr sv sw ta th tr uk ur uz vi zh"
)


_loading = Lock()


@cache
def _identifier() -> "LanguageIdentifier":
    # Loaded on first use: the model takes a moment, and most commands need none.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(_LANGUAGES.split(" "))
    return identifier


def identify(text: str) -> str:
    """The two-letter code of the language of `text`, or "" where its first 600 characters do not tell."""
    sample = " ".join(text[:_READ_AT_MOST].split())
    if sum(character.isalpha() for character in sample) < 3:
        return ""
    with _loading:
        # Threads that start together would each load a model.
        identifier = _identifier()
    language, probability = identifier.classify(sample)
    return str(language) if probability >= _SURE else ""
