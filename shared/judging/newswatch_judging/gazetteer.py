"""Finding the entities of a desk in an article.

phrases -> candidates -> guards on their surroundings -> blocked names and the longest match
        -> proof by the rest of the article -> mentions
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from newswatch_core.events import Mention, Zone
from newswatch_core.text import Document, fold, words
from newswatch_judging.candidates import Candidate, Name, longest, without_other_senses
from newswatch_judging.disambiguate import PART_OF, PROVING_ZONES, Seen, Verdict, local_verdict, stands_in
from newswatch_judging.entities import Alias, ContextWord, Entity, Longer
from newswatch_judging.givennames import names_another
from newswatch_judging.lexicon import Hit, Lexicon
from newswatch_judging.namesakes import names_a_dish, names_a_namesake
from newswatch_judging.senses import common_word


@dataclass(frozen=True, slots=True)
class Blocked:
    """A longer name inside which the entity (or keyword set) is not meant."""

    owner: str
    text: str


Around = Blocked | ContextWord
"""What is looked for only where an alias stands."""


@dataclass(frozen=True, slots=True)
class Tagged:
    """What was found, and what was refused with its reason (for explanations)."""

    mentions: tuple[Mention, ...]
    refused: tuple[tuple[Mention, str], ...]


_LONGEST_SPACED = 4
_HAVE_NAMESAKES = frozenset({"country", "person"})
MAX_MENTIONS = 200
"""So many mentions of an entity in one zone are told: a text of one repeated name would have tens of thousands."""


def _capped(mentions: Iterable[Mention]) -> Iterator[Mention]:
    found = Counter[tuple[str, Zone]]()
    for mention in mentions:
        found[mention.entity, mention.zone] += 1
        if found[mention.entity, mention.zone] <= MAX_MENTIONS:
            yield mention


class Gazetteer:
    """All aliases of a desk's entities, ready to be looked for."""

    def __init__(self, entities: Mapping[str, Entity]) -> None:
        self._entities = entities
        self._names = Lexicon[Name]()
        self._around = Lexicon[Around]()
        self._provers = {
            entity.id: tuple(dict.fromkeys((*entity.members, *entity.people, *entity.related)))
            for entity in entities.values()
        }
        self._given = {entity.id: _given_names(entity) for entity in entities.values() if entity.type == "person"}
        self._owners: dict[tuple[str, ...], set[str]] = {}
        written: set[ContextWord] = set()
        for entity in entities.values():
            for language, _, alias in entity.each_alias():
                self._add_alias(entity.id, alias, language)
                for context in (alias.requires, alias.forbids):
                    written.update(context.each_word if context else ())
                written.update(alias.other_senses)
            add_blocked(self._around, entity.id, entity.each_blocked())
            written.update(entity.context_words)
        for word in written:
            self._around.add(word.text, word, how="context", language=word.language)

    def tag(self, document: Document, language: str) -> Tagged:
        """All mentions in the order of the text."""
        hits = [hit for hit in self._names.find(document, language) if self._applies(hit.payload, document, hit)]
        if not hits:
            return Tagged((), ())
        around = self._around.find(document, language)
        seen = Seen(document, around)
        candidates = [
            Candidate(hit.first, hit.last, hit.payload, self._local_verdict(hit, seen, language)) for hit in hits
        ]
        blocked = blocked_of(around)
        refused: list[tuple[Candidate, str]] = []
        counting: list[Candidate] = []
        for candidate in candidates:
            inside = enclosing(blocked.get(candidate.name.entity, ()), candidate.first, candidate.last)
            refusal = PART_OF + inside if inside else candidate.verdict.refusal
            if refusal:
                refused.append((candidate, refusal))
            else:
                counting.append(candidate)
        counting, others = without_other_senses(counting, refused, seen, self._given)
        refused += others
        counting, namesakes = self._without_namesakes(counting, blocked, seen)
        refused += namesakes
        proven, alone = self._prove(counting, seen)
        kept = longest(proven)
        mentions = tuple(_capped(_mention(document, candidate) for candidate in kept))
        counted = {(word, each.name.entity) for each in kept for word in range(each.first, each.last)}
        told = [(each, why) for each, why in [*refused, *alone] if (each.first, each.name.entity) not in counted]
        return Tagged(mentions, tuple(dict.fromkeys((_mention(document, candidate), why) for candidate, why in told)))

    def look(self, document: Document, language: str) -> set[str]:
        """The entities of which a name stands there, whatever its guards say: those of all mentions, and more."""
        return {hit.payload.entity for hit in self._names.find(document, language)}

    def _local_verdict(self, hit: Hit[Name], seen: Seen, language: str) -> Verdict:
        if hit.last - hit.first == 1 and (refusal := self._other_bearer(hit, seen.document, language)):
            return Verdict(refusal=refusal)
        return local_verdict(hit.payload.alias, seen, hit.first, hit.last, language)

    def _other_bearer(self, hit: Hit[Name], document: Document, language: str) -> str:
        """What else bears this name of one word here, or ""."""
        entity, alias = self._entities[hit.payload.entity], hit.payload.alias
        if alias.is_exact and (small := common_word(document, hit.first)):
            return f"a common word here: {small}"
        if entity.type in _HAVE_NAMESAKES:
            other = names_a_namesake(document, hit.first, hit.last)
            if not other and entity.type == "country":
                other = names_a_dish(document, hit.first, hit.last, language)
            if other:
                return f"something else of that name: {other}"
        if entity.type == "person" or (alias.is_never_alone and not alias.text.isupper()):
            other = names_another(document, hit.first, self._given.get(entity.id, frozenset()))
            return f"another person: {other}" if other else ""
        return ""

    def _add_alias(self, entity: str, alias: Alias, language: str) -> None:
        self._owners.setdefault(tuple(map(fold, words(alias.text))), set()).add(entity)
        if alias.is_exact:
            self._names.add(alias.text, Name(entity, alias), how="cased")
            self._names.add(alias.text, Name(entity, alias, shouted=True), how="exact")
            if alias.text.isupper() and alias.text.isalpha() and len(alias.text) <= _LONGEST_SPACED:
                self._names.add(" ".join(alias.text), Name(entity, alias, spaced=True), how="cased")
        else:
            self._names.add(alias.text, Name(entity, alias), how="name", language=language)

    def _applies(self, name: Name, document: Document, hit: Hit[Name]) -> bool:
        """Is this a form of the alias? Not if it is another entity's own alias, word for word.

        The form in capitals of an alias with exact case counts only where all is in capitals.
        """
        shown = document.words[hit.first : hit.last]
        owners = self._owners.get(tuple(map(fold, shown)))
        if owners and name.entity not in owners:
            return False
        if name.spaced:
            return all(document.text_after(word, 1) == "." for word in range(hit.first, hit.last))
        if not name.shouted:
            return True
        return (
            all(word.isupper() for word in shown)
            and not name.alias.text.isupper()
            and document.is_shouted(document.sentence_of(hit.first))
        )

    def _without_namesakes(
        self, candidates: Sequence[Candidate], blocked: Mapping[str, Sequence[Hit[Blocked]]], seen: Seen
    ) -> tuple[list[Candidate], list[tuple[Candidate, str]]]:
        """Refuses an alias that first or mostly stands inside a blocked proper name, with nothing else of its entity.

        After "Moscow, Idaho" a bare "Moscow" is the same town; from "Russian roulette" and the Nigerian Tribune
        nothing follows for other Russians and Nigerians.
        """
        kept: list[Candidate] = []
        refused: list[tuple[Candidate, str]] = []
        by_entity: dict[str, list[Candidate]] = {}
        for candidate in candidates:
            by_entity.setdefault(candidate.name.entity, []).append(candidate)
        for entity, found in by_entity.items():
            names = {fold(candidate.name.alias.text) for candidate in found}
            inside = [
                hit
                for hit in blocked.get(entity, ())
                if names & _forms(seen.document, hit) and _is_proper(seen.document, hit)
            ]
            other_proof = not by_entity.keys().isdisjoint(self._provers[entity]) or self._context(entity, seen)
            mostly = inside and (len(found) <= len(inside) or inside[0].first < found[0].first)
            if len(names) > 1 or not mostly or other_proof or not self._names_a_place(entity, found):
                kept += found
            else:
                refused += [(candidate, f"the same as in {inside[0].payload.text}") for candidate in found]
        return kept, refused

    def _names_a_place(self, entity: str, candidates: Iterable[Candidate]) -> bool:
        """Is it the entity's own name or its capital, rather than an adjective?"""
        name = fold(self._entities[entity].name)
        return any(each.name.alias.is_metonym or fold(each.name.alias.text) == name for each in candidates)

    def _context(self, entity: str, seen: Seen) -> bool:
        return bool(seen.any_of(self._entities[entity].context_words))

    def _prove(
        self, candidates: Sequence[Candidate], seen: Seen
    ) -> tuple[list[Candidate], list[tuple[Candidate, str]]]:
        """Settles the aliases that are never alone: by context words, or by what is proven already, again and again."""
        proven = [candidate for candidate in candidates if not candidate.verdict.open]
        waiting = [candidate for candidate in candidates if candidate.verdict.open]
        standing: dict[str, list[tuple[int, int]]] = {}
        _stand(proven, standing, seen)
        while waiting:
            settled = [(candidate, proof) for candidate in waiting if (proof := self._proof(candidate, standing, seen))]
            if not settled:
                break
            for candidate, proof in settled:
                proofs = ", ".join(part for part in (candidate.verdict.proof, proof) if part)
                proven.append(Candidate(candidate.first, candidate.last, candidate.name, Verdict(proof=proofs)))
            done = {id(candidate) for candidate, _ in settled}
            waiting = [candidate for candidate in waiting if id(candidate) not in done]
            _stand([candidate for candidate, _ in settled], standing, seen)
        return proven, [(candidate, "alone: nothing else in the article proves it") for candidate in waiting]

    def _proof(self, candidate: Candidate, standing: Mapping[str, Sequence[tuple[int, int]]], seen: Seen) -> str:
        entity = candidate.name.entity
        if entity in standing:
            first, last = standing[entity][0]
            return "with " + " ".join(seen.document.words[first:last])
        # The items of a list have little to do with each other: there, only the item itself and the title prove.
        item = seen.document.list_item(candidate.first)
        ranges = ((0, seen.document.in_title), item) if item else ((0, len(seen.document.words)),)
        for prover in self._provers[entity]:
            if stands_in(standing.get(prover, ()), ranges, candidate.first, candidate.last):
                return f"with {self._entities[prover].name}"
        word = seen.among(self._entities[entity].context_words, ranges, candidate.first, candidate.last)
        return f"with {word}" if word else ""


def _given_names(person: Entity) -> frozenset[str]:
    """What stands before the surname in the person's names of several words, folded."""
    parts = (words(alias.text) for _, _, alias in person.each_alias())
    return frozenset(fold(part) for each in parts for part in each[:-1])


def _stand(candidates: Iterable[Candidate], standing: dict[str, list[tuple[int, int]]], seen: Seen) -> None:
    """Notes where proven candidates stand, in the order of the text."""
    for candidate in candidates:
        if seen.document.zone_of(candidate.first) in PROVING_ZONES:
            standing.setdefault(candidate.name.entity, []).append((candidate.first, candidate.last))
    for places in standing.values():
        places.sort()


def add_blocked(around: Lexicon[Around], owner: str, blocked: Iterable[Longer]) -> None:
    """Looks for the blocked names of an entity or a keyword set from now on."""
    for longer in blocked:
        around.add(longer.text, Blocked(owner, longer.text), how="cased" if longer.is_exact else "any")


def blocked_of(hits: Iterable[Hit[Any]]) -> Mapping[str, Sequence[Hit[Blocked]]]:
    """The places of blocked names, by owner."""
    blocked: dict[str, list[Hit[Blocked]]] = {}
    for hit in hits:
        if isinstance(hit.payload, Blocked):
            blocked.setdefault(hit.payload.owner, []).append(hit)
    return blocked


def _forms(document: Document, hit: Hit[Blocked]) -> set[str]:
    return {fold(word) for word in document.words[hit.first : hit.last]}


def _is_proper(document: Document, hit: Hit[Blocked]) -> bool:
    shown = document.words[hit.first : hit.last]
    return not document.is_shouted(document.sentence_of(hit.first)) and all(not word[0].islower() for word in shown)


def enclosing(blocked: Iterable[Hit[Blocked]], first: int, last: int) -> str:
    """The blocked name that holds these words, or ""."""
    return next((hit.payload.text for hit in blocked if hit.first <= first and last <= hit.last), "")


def _mention(document: Document, candidate: Candidate) -> Mention:
    return Mention(
        entity=candidate.name.entity,
        alias=candidate.name.alias.text,
        start=document.starts[candidate.first],
        end=document.end_of(candidate.last - 1),
        zone=document.zone_of(candidate.first),
        sentence=document.sentence_of(candidate.first),
        proof=candidate.verdict.proof,
    )
