"""receivers.yaml: the receivers, and the routes that name several of them at once."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from newswatch_alerter.receivers import AnyReceiver
from newswatch_alerter.receivers.base import Receiver
from newswatch_alerter.receivers.console import ConsoleConfig
from newswatch_core.config import ConfigError, Loaded, Model, Problem, Versioned, load
from newswatch_core.secrets import MissingSecretError
from newswatch_judging.rules import no_single_text

FILE = "receivers.yaml"
CONSOLE = "console"
SAMPLE_CONSOLE = "SAMPLE"
"""The console that samples go to where the desk has none called `console`; no receiver of a desk can have this id."""


class Route(Model):
    """A name for several receivers."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,99}$")
    receivers: Annotated[tuple[str, ...], BeforeValidator(no_single_text)] = Field(min_length=1)


class ReceiversFile(Versioned):
    """The whole of receivers.yaml."""

    receivers: tuple[AnyReceiver, ...]
    routes: tuple[Route, ...] = ()


class Receivers:
    """A desk's receivers and routes, free of contradictions."""

    def __init__(self, loaded: Loaded[ReceiversFile]) -> None:
        self._loaded = loaded
        self._receivers = {receiver.id: receiver for receiver in loaded.model.receivers}
        self._routes = {route.id: route.receivers for route in loaded.model.routes}

    @classmethod
    def load(cls, desk: Path) -> "Receivers":
        """Those of the desk in folder `desk`. Raises ConfigError with all problems."""
        loaded = load(desk / FILE, ReceiversFile, root=desk)
        if problems := _contradictions(loaded):
            raise ConfigError(problems)
        return cls(loaded)

    @property
    def names(self) -> Sequence[str]:
        """What a rule's `notify` may name."""
        return [*self._receivers, *self._routes]

    @property
    def configs(self) -> Mapping[str, AnyReceiver]:
        return self._receivers

    @property
    def for_samples(self) -> str:
        """The receiver that samples go to, and no other: a console, so that they never reach anybody else."""
        return CONSOLE if isinstance(self._receivers.get(CONSOLE), ConsoleConfig) else SAMPLE_CONSOLE

    def expand(self, notify: Iterable[str]) -> tuple[str, ...]:
        """The receivers that `notify` names itself or through routes: in order, each once."""
        ids = (receiver for name in notify for receiver in self._routes.get(name, (name,)))
        return tuple(dict.fromkeys(ids))

    def build(self) -> Mapping[str, Receiver]:
        """Every receiver, ready to send. Raises ConfigError where a secret is missing or useless."""
        built: dict[str, Receiver] = {}
        problems = []
        for number, (name, config) in enumerate(self._receivers.items()):
            try:
                built[name] = config.build()
            except (MissingSecretError, ValueError) as error:
                field = next(iter(config.secrets()), "id")
                hint = "set it, or take the receiver out of receivers.yaml"
                problems.append(self._loaded.problem(f"{name}: {error}", "receivers", number, field, hint=hint))
        if problems:
            raise ConfigError(problems)
        return built

    def secret_warnings(self) -> Sequence[Problem]:
        """A warning for each secret that is not there: `check` must pass where the secrets are not known."""
        warnings = []
        for number, (name, config) in enumerate(self._receivers.items()):
            for field, secret in config.secrets().items():
                try:
                    secret.reveal()
                except MissingSecretError as error:
                    message = f"{name}: {error}"
                    hint = "newswatch run needs it"
                    warnings.append(self._loaded.problem(message, "receivers", number, field, hint=hint, warning=True))
        return warnings


def sample_configs(receivers: Receivers) -> Mapping[str, ConsoleConfig]:
    """What samples need beside the desk's own receivers."""
    if receivers.for_samples in receivers.configs:
        return {}
    # Not validated: the pattern of ids keeps this one from everybody else.
    return {SAMPLE_CONSOLE: ConsoleConfig.model_construct(id=SAMPLE_CONSOLE, type="console")}


def _contradictions(loaded: Loaded[ReceiversFile]) -> Sequence[Problem]:
    problems, seen = [], dict[str, int]()
    if not loaded.model.receivers:
        hint = "at least {id: console, type: console}"
        problems.append(loaded.problem("there is no receiver", "receivers", hint=hint))
    receivers = [receiver.id for receiver in loaded.model.receivers]
    places = [("receivers", number, name) for number, name in enumerate(receivers)]
    places += [("routes", number, route.id) for number, route in enumerate(loaded.model.routes)]
    for key, number, name in places:
        if name in seen:
            hint = f"first in line {seen[name]}; receivers and routes share their names"
            problems.append(loaded.problem(f"the id {name!r} stands twice", key, number, "id", hint=hint))
        seen.setdefault(name, loaded.node.line_of(key, number, "id"))
    for number, route in enumerate(loaded.model.routes):
        for place, name in enumerate(route.receivers):
            if name not in receivers:
                message = f"route {route.id!r} names {name!r}, which is no receiver"
                hint = closest(name, receivers)
                problems.append(loaded.problem(message, "routes", number, "receivers", place, hint=hint))
    return problems


def closest(name: str, known: Sequence[str]) -> str:
    """A hint: what `name` may have been meant to be."""
    close = get_close_matches(name, known, 1)
    return f"did you mean {close[0]!r}?" if close else "known here: " + ", ".join(known)
