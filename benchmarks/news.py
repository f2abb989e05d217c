"""Made-up English news of about 3 kB an article, as a stream would bring it; the same for the same seed.

Words are drawn by Zipf's law, since what the deduplicator costs depends on how often words recur. Articles tell of
events with names of their own. One in five names what the desk in seeds/ tracks, one in forty fires its rules, and one
in thirteen is a copy of an earlier one with a few words changed.
"""

import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import accumulate, islice

from newswatch_core.events import Article, hash_id
from tests.support.articles import article
from tests.support.press import ACTORS, SUBJECTS, SYLLABLES, VERBS

FIRES, TRACKED, COPIES = 1 / 40, 1 / 5, 1 / 13
_FOLLOW_UPS = 0.4
_OPEN_EVENTS = 60
_COPIED_FROM = 300
_WORDS = 15_000
_PARAGRAPHS, _SENTENCES = 5, 4
_OUTLETS = 40
_JOINTS = ("of the", "in the", "and the", "for a", "with its", "while the", "because of", "under the", "near a", "to")
_TRACKED = (
    "{name} spoke of Mali and its neighbours.", "The government of Niger sent {name} to the talks.",
    "Exports to Russia fell, said {name}.", "Sergey Lavrov met {name} in {place}.",
    "Burkina Faso and {place} share a border post.", "Vladimir Putin received {name} before noon.",
)  # fmt: skip
_FIRES = (
    "The Confederation of Sahel States and Russia will build a joint military force in {place}, said {name}.",
    "Russia opens an embassy in {place}, and the Confederation of Sahel States welcomes {name} there.",
)


@dataclass(frozen=True)
class Event:
    """What several articles tell of. `names` and `words` recur in all of them."""

    first: str
    names: tuple[str, ...]
    words: tuple[str, ...]


@dataclass(frozen=True)
class Told:
    """An article, and what the services before would have found. `fires`: its text satisfies a rule of the desk."""

    article: Article
    story: str
    copy_of: str | None
    fires: bool


class Newsroom:
    """Writes a stream of articles from a seed, one every `apart` from `start`."""

    def __init__(self, seed: int, start: datetime, apart: timedelta, *, fires: float = FIRES) -> None:
        self._random = random.Random(seed)
        self._fires = fires
        self._start, self._apart = start, apart
        self._vocabulary = self._make_vocabulary()
        self._weights = list(accumulate(1 / (rank + 10) for rank in range(_WORDS)))
        self._events: deque[Event] = deque(maxlen=_OPEN_EVENTS)
        self._recent: deque[Told] = deque(maxlen=_COPIED_FROM)
        self._number = 0

    def take(self, count: int) -> list[Told]:
        """The next `count` articles."""
        return list(islice(self._stream(), count))

    def _stream(self) -> Iterator[Told]:
        while True:
            if self._recent and self._random.random() < COPIES:
                yield self._copy()
            else:
                told = self._original()
                self._recent.append(told)
                yield told

    def _original(self) -> Told:
        self._number += 1
        place = {"url": self._url(), "feed": self._outlet(), "seen": self._now()}
        fires = self._random.random() < self._fires
        # What fires is an event of its own: a story has one alert of a rule.
        follows = bool(self._events) and not fires and self._random.random() < _FOLLOW_UPS
        event = self._random.choice(self._events) if follows else self._make_event(hash_id(place["url"]))
        if not follows and not fires:
            self._events.append(event)
        sentences = [self._sentence(event) for _ in range(_PARAGRAPHS * _SENTENCES)]
        if fires:
            sentences[1] = self._filled(self._random.choice(_FIRES), event)
        elif self._random.random() < TRACKED - FIRES:
            sentences[2] = self._filled(self._random.choice(_TRACKED), event)
        text = "\n\n".join(" ".join(sentences[at : at + _SENTENCES]) for at in range(0, len(sentences), _SENTENCES))
        made = article(title=self._sentence(event).split(" after ")[0], text=text, **place)
        return Told(made, event.first, None, fires)

    def _copy(self) -> Told:
        self._number += 1
        told = self._random.choice(self._recent)
        words = told.article.text.split(" ")
        for place in self._random.sample(range(len(words)), k=len(words) // 40):
            words[place] = self._word()
        text, url, seen = " ".join(words), self._url(), self._now()
        made = article(title=told.article.title, text=text, url=url, feed=self._outlet(), seen=seen)
        return replace(told, article=made, copy_of=told.copy_of or told.article.id)

    def _make_event(self, first: str) -> Event:
        names = tuple(self._name() for _ in range(6))
        return Event(first, names, tuple(self._word() for _ in range(8)))

    def _sentence(self, event: Event) -> str:
        choice = self._random.choice
        subject = choice(event.names) if self._random.random() < 0.4 else f"{choice(ACTORS)} of {choice(event.names)}"
        words = [self._word() if self._random.random() < 0.7 else choice(event.words) for _ in range(7)]
        told = " ".join(f"{choice(_JOINTS)} {one}" if place % 2 else one for place, one in enumerate(words))
        number = self._random.randint(2, 9_000)
        return f"{subject} {choice(VERBS)} {choice(SUBJECTS)} after {number} {told}."

    def _filled(self, sentence: str, event: Event) -> str:
        return sentence.format(name=event.names[0], place=event.names[1])

    def _word(self) -> str:
        return self._random.choices(self._vocabulary, cum_weights=self._weights)[0]

    def _name(self) -> str:
        return "".join(self._random.choices(SYLLABLES, k=self._random.randint(2, 4))).capitalize()

    def _make_vocabulary(self) -> list[str]:
        words: dict[str, None] = {}
        while len(words) < _WORDS:
            words["".join(self._random.choices(SYLLABLES, k=self._random.randint(2, 4)))] = None
        return list(words)

    def _outlet(self) -> str:
        return f"outlet-{self._random.randrange(_OUTLETS)}"

    def _url(self) -> str:
        return f"https://{self._outlet()}.example.org/{self._number}"

    def _now(self) -> datetime:
        return self._start + self._number * self._apart
