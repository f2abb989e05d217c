"""Made-up news: as many different articles as a test wants, the same for the same seed.

Noise names nobody whom a rule watches. An event is about a country, an ally and a pact of its own, and fires two rules
of its own; its copy is the report with a few words changed.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

SUBJECTS = (
    "harbour fees", "maize prices", "a ferry line", "the tramway", "hospital beds", "a dam wall", "school meals",
    "fishing quotas", "the cotton harvest", "a bridge toll", "vaccine stocks", "the night market", "rail tickets",
    "a copper mine", "river levels", "bus drivers", "the water board", "a chess final", "locust swarms", "street lamps",
)  # fmt: skip
ACTORS = (
    "The regional council", "Traders", "An inspector", "The mayor", "Engineers", "Farmers", "A court", "Students",
    "The port authority", "Nurses", "A parliamentary group", "The cycling union", "Residents", "An insurer",
)  # fmt: skip
VERBS = (
    "approved", "criticised", "postponed", "measured", "announced", "rejected", "counted", "praised", "questioned",
    "inaugurated", "audited", "doubled", "halved", "defended", "cancelled", "reopened",
)  # fmt: skip
HEADLINES = (
    "{land} and {ally} sign the {pact} pact", "Drums over {land} as {ally} joins the {pact} pact",
    "What the {pact} pact says about {land} and {ally}", "{ally}: opposition walks out over {land} and the {pact} pact",
    "An envoy of {ally} speaks of {land} and its {pact} pact", "{pact} pact: crowds gather in {land} to greet {ally}",
)  # fmt: skip
FACTS = (
    "The government of {land} met in {place}, said {person}.",
    "{ally} sent {person} to the ceremony.",
    "The {pact} pact is to be kept in {place}.",
    "Beside the market of {place} an embassy of {ally} was shown to the guests from {land}.",
)
SYLLABLES = ("ba", "do", "ka", "lu", "mi", "no", "pe", "ra", "si", "ta", "vo", "zu", "den", "gor", "lin", "mar", "nok")


@dataclass(frozen=True)
class Piece:
    """A title and a text with blank lines between paragraphs; `land` names the event, if it is about one."""

    title: str
    text: str
    land: str = ""
    ally: str = ""
    pact: str = ""


class Press:
    """Writes pieces from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._named: set[str] = set()

    def name(self) -> str:
        """An invented proper name that was not given before."""
        while True:
            name = "".join(self._random.choices(SYLLABLES, k=self._random.randint(3, 5))).capitalize()
            if name not in self._named:
                self._named.add(name)
                return name

    def sentence(self) -> str:
        choice = self._random.choice
        amount = self._random.randint(2, 9_000)
        start = f"{choice(ACTORS)} of {self.name()} {choice(VERBS)} {choice(SUBJECTS)}"
        return f"{start} after {amount} {choice(SUBJECTS)} cases."

    def paragraphs(self, count: int, sentences: int = 4) -> str:
        return "\n\n".join(" ".join(self.sentence() for _ in range(sentences)) for _ in range(count))

    def noise(self) -> Piece:
        """An article that concerns no rule."""
        title = self.sentence().split(" after ")[0]
        return Piece(title, self.paragraphs(5))

    def event(self) -> Piece:
        """A report that fires both rules of its event."""
        names = {name: self.name() for name in ("land", "ally", "pact", "place", "person")}
        facts = self._random.sample(FACTS, k=len(FACTS))
        title = self._random.choice(HEADLINES).format(**names)
        lead = " ".join([self.sentence(), *(fact.format(**names) for fact in facts), self.sentence()])
        text = lead + "\n\n" + self.paragraphs(4)
        return Piece(title, text, names["land"], names["ally"], names["pact"])

    def copy_of(self, piece: Piece) -> Piece:
        """The same article as another outlet prints it: a few words of its second half changed, a note at the end."""
        words = piece.text.split(" ")
        for position in self._random.sample(range(len(words) // 2, len(words)), k=len(words) // 40):
            words[position] = self._random.choice(SUBJECTS)
        return replace(piece, text=" ".join(words) + f"\n\nOur reporter in {self.name()} contributed.")


def desk_of(events: Iterable[Piece]) -> dict[str, Any]:
    """The configuration that watches the events: file name -> content, for YAML."""
    entities, rules = [], []
    for event in events:
        entities += [
            {"id": name.lower(), "name": name, "type": "country", "aliases": {"any": [name]}}
            for name in (event.land, event.ally)
        ]
        both = f"@{event.land.lower()} AND @{event.ally.lower()}"
        rules += [
            _rule(event, "pact", f'{both} AND "{event.pact} pact"'),
            _rule(event, "embassy", f"{both} AND #embassy"),
        ]
    return {
        "entities/invented.yaml": {"version": "1", "entities": entities},
        "keywords.yaml": {"version": "1", "keywords": [{"id": "embassy", "name": "embassy", "en": ["embassy"]}]},
        "rules/invented.yaml": {"version": "1", "rules": rules},
    }


def _rule(event: Piece, what: str, query: str) -> dict[str, Any]:
    rule = f"{event.land.lower()}-{what}"
    return {"id": rule, "title": f"{event.land}: {what}", "severity": "high", "query": query, "notify": ["desk"]}
