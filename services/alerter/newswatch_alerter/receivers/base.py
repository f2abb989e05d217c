"""What every receiver is: its configuration, the port it offers, and how a try to send can end."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from pydantic import Field

from newswatch_alerter.messages import Message
from newswatch_core.config import Duration, Model
from newswatch_core.secrets import SecretRef


@dataclass(frozen=True)
class Sent:
    """The receiver confirmed it.

    `rest`: addresses that asked to come again; they get a delivery of their own. `refused`: addresses that never
    will; they get a dead one.
    """

    rest: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class NotSent:
    """It certainly did not arrive; try again, not before `wait`.

    `whole`: the trouble is the receiver's, and would meet any message; not `whole`: it refused this very message.
    `broken`: nothing will arrive there until somebody mends the receiver or its settings.
    """

    problem: str
    wait: timedelta | None = None
    whole: bool = True
    broken: bool = False


@dataclass(frozen=True)
class Uncertain:
    """It may have arrived: the next try must say that it may be a repeat."""

    problem: str
    wait: timedelta | None = None


@dataclass(frozen=True)
class Dead:
    """The receiver will never take this message."""

    problem: str


BROKEN_PAUSE = timedelta(minutes=5)
"""How long a receiver that somebody must mend is left alone, at the least."""

Outcome = Sent | NotSent | Uncertain | Dead


@dataclass(frozen=True)
class Sending:
    """One try of one delivery. `repeat`: an earlier try may have arrived."""

    delivery: str
    message: Message
    repeat: bool
    now: datetime


class Receiver(Protocol):
    """A place that messages go to. `deadline`: seconds after which `send` has certainly returned."""

    @property
    def deadline(self) -> float: ...

    async def send(self, sending: Sending) -> Outcome:
        """Tries once. Troubles are outcomes, never exceptions, and never hold a secret."""


class ReceiverConfig(Model):
    """What all entries of receivers.yaml have. `pace`: time between messages, after a burst of `burst`."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,99}$")
    pace: Duration = timedelta(0)
    burst: int = Field(default=5, ge=1, le=1000)

    def build(self) -> Receiver:
        """The receiver, with its secrets revealed. Raises MissingSecretError, or ValueError for a useless secret."""
        raise NotImplementedError

    def secrets(self) -> Mapping[str, SecretRef]:
        """The fields that name a secret."""
        fields = ((name, getattr(self, name)) for name in type(self).model_fields)
        return {name: value for name, value in fields if isinstance(value, SecretRef)}
