"""robots.txt as RFC 9309 has it: the longest rule of the most specific group decides."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

MAX_SIZE = 512_000
MAX_RULES = 1_000
"""So many rules of a group are kept, the first ones."""


@dataclass(frozen=True)
class _Rule:
    allow: bool
    path: str
    parts: tuple[str, ...]
    to_end: bool

    def matches(self, target: str) -> bool:
        """Whether `target` begins with the parts, anything between them; no regex, so nothing to blow up."""
        if not target.startswith(self.parts[0]):
            return False
        position = len(self.parts[0])
        for part in self.parts[1:]:
            position = target.find(part, position)
            if position < 0:
                return False
            position += len(part)
        if not self.to_end or position == len(target):
            return True
        return len(self.parts) > 1 and target.endswith(self.parts[-1])


class Robots:
    """What a host asks of one agent."""

    def __init__(self, rules: Sequence[_Rule]) -> None:
        self._rules = sorted(rules, key=lambda rule: (len(rule.path), rule.allow), reverse=True)

    @classmethod
    def parse(cls, text: str, agent: str) -> "Robots":
        """The rules of `text` for `agent` (a product name), or for all where it is not named."""
        named: list[_Rule] = []
        general: list[_Rule] = []
        is_named = False
        group: set[str] = set()
        in_rules = False
        for line in text.removeprefix("\ufeff").splitlines():
            field, colon, value = line.partition("#")[0].partition(":")
            field, value = field.strip().lower(), value.strip()
            if not colon:
                continue
            if field == "user-agent":
                group = {value.lower()} if in_rules else group | {value.lower()}
                in_rules = False
                is_named = is_named or agent.lower() in group
            elif field in {"allow", "disallow"}:
                in_rules = True
                if value and agent.lower() in group and len(named) < MAX_RULES:
                    named.append(_rule(value, allow=field == "allow"))
                if value and "*" in group and len(general) < MAX_RULES:
                    general.append(_rule(value, allow=field == "allow"))
        return cls(named if is_named else general)

    @classmethod
    def all_allowed(cls) -> "Robots":
        return cls([])

    @classmethod
    def none_allowed(cls) -> "Robots":
        return cls([_rule("/", allow=False)])

    def __len__(self) -> int:
        """How many rules there are."""
        return len(self._rules)

    def allows(self, target: str) -> bool:
        """Whether the path (with query) may be fetched."""
        return next((rule.allow for rule in self._rules if rule.matches(target)), True)


def _rule(path: str, *, allow: bool) -> _Rule:
    parts = tuple(re.split(r"\*+", path.removesuffix("$")))
    return _Rule(allow, path, parts, path.endswith("$"))
