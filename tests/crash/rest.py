"""Whether a run has come to rest: nothing to fetch, to read or to send any more."""

from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from newswatch_core.admin import connected
from newswatch_core.deadletters import Letter
from newswatch_core.kafka_letters import KafkaLetters
from newswatch_core.runtime.broker import AdminError
from newswatch_core.storage.database import Database, open_url
from newswatch_core.storage.schema import deliveries, entries
from tests.crash.ground import Ground


class Rest:
    """Looks at the ground from outside. `close` it."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._database: Database = open_url(ground.postgres)

    def close(self) -> None:
        self._database.close()

    def missing(self, on_stand: int) -> str:
        """What is still to be done, in words; "" once all is at rest. `on_stand`: articles on the newsstand."""
        try:
            # In the order of the path: what one look finds done, the next finds further on.
            with self._database.read() as tx:
                known = tx.execute(select(func.count()).select_from(entries)).scalar_one()
            lag = self.lag()
            with self._database.read() as tx:
                ended = deliveries.c.state.in_(("sent", "dead"))
                waiting = tx.execute(select(func.count()).select_from(deliveries).where(~ended)).scalar_one()
        except (SQLAlchemyError, AdminError) as error:
            return f"it cannot be asked: {error!r}"
        parts = [f"{on_stand - known} of the stand"] if known < on_stand else []
        parts += [f"{events} events before the {service}" for service, events in lag.items() if events]
        parts += [f"{waiting} deliveries"] if waiting else []
        return ", ".join(parts)

    def lag(self) -> Mapping[str, int]:
        """Events that each service has still to read. Raises AdminError."""
        lag = Counter[str]()
        with connected(self._ground.kafka) as admin:
            for row in admin.lag():
                lag[row.service] += row.events
        return lag

    def dead_deliveries(self) -> int:
        with self._database.read() as tx:
            query = select(func.count()).select_from(deliveries).where(deliveries.c.state == "dead")
            return int(tx.execute(query).scalar_one())

    def dead_letters(self) -> Sequence[Letter]:
        return KafkaLetters(self._ground.kafka).letters()
