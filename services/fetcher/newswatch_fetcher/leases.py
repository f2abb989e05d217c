"""Which fetcher asks which host: a row of table `hosts`, held for a minute and renewed while its feeds are polled.

Of two replicas that want a host the second finds it held, or its row locked, and comes back later. A replica that died
leaves its hosts held until the minute is over, unless it is started again under its name before.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, false, or_, select, update

from newswatch_core.events import hash_id
from newswatch_core.ports import Tx
from newswatch_core.storage.schema import hosts
from newswatch_core.storage.upsert import insert_missing

LEASE = timedelta(seconds=60)
RENEW_EVERY = timedelta(seconds=15)
_LONGEST = timedelta(minutes=10)
"""Until later than that no host is held in earnest: a clock was ahead."""


class Leases:
    """The hosts that this fetcher holds."""

    def __init__(self, replica: str, *, sole: bool) -> None:
        """`replica` is unique among the fetchers that run. `sole`: there is no other, so that a holder must be dead."""
        self._holder = hash_id(replica)
        self._sole = sole

    def take(self, tx: Tx, wanted: Collection[str], now: datetime) -> set[str]:
        """Those of the wanted hosts that this fetcher may ask now; they are its own until they are given back."""
        if not wanted:
            return set()
        there = set(tx.execute(select(hosts.c.name).where(hosts.c.name.in_(wanted))).scalars())
        new = sorted(set(wanted) - there)
        insert_missing(tx, hosts, [{"name": name, "holder": None, "held_until": now} for name in new])
        over = or_(hosts.c.held_until <= now, hosts.c.held_until > now + _LONGEST)
        free = or_(hosts.c.holder == self._holder, over, self._dead())
        query = select(hosts.c.name).where(hosts.c.name.in_(wanted), free).with_for_update(skip_locked=True)
        return self._hold(tx, tx.execute(query).scalars().all(), now)

    def renew(self, tx: Tx, held: Collection[str], now: datetime) -> set[str]:
        """Those of the hosts that are still this fetcher's own, for another minute."""
        if not held:
            return set()
        mine = and_(hosts.c.name.in_(held), hosts.c.holder == self._holder)
        return self._hold(tx, tx.execute(select(hosts.c.name).where(mine).with_for_update()).scalars().all(), now)

    def give_back(self, tx: Tx, done: Collection[str], free: datetime) -> None:
        """Lets others ask the hosts, from `free` on."""
        if done:
            mine = and_(hosts.c.name.in_(done), hosts.c.holder == self._holder)
            tx.execute(update(hosts).where(mine).values(holder=None, held_until=free))

    def _dead(self) -> ColumnElement[bool]:
        return hosts.c.holder.is_not(None) if self._sole else false()

    def _hold(self, tx: Tx, names: Sequence[str], now: datetime) -> set[str]:
        if names:
            here = hosts.c.name.in_(names)
            tx.execute(update(hosts).where(here).values(holder=self._holder, held_until=now + LEASE))
        return set(names)
