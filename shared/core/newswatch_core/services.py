"""Finding the services that are installed."""

from collections.abc import Sequence
from importlib.metadata import entry_points

from newswatch_core.ports import Service

ORDER = ("fetcher", "deduplicator", "tagger", "alerter")


def installed_services() -> Sequence[Service]:
    """The services found through the entry points `newswatch.services`, in the order of the pipeline."""
    found = {point.name: point.load() for point in entry_points(group="newswatch.services")}
    return [found[name] for name in ORDER if name in found]
