"""Finding the services that are installed."""

from collections.abc import Sequence
from importlib.metadata import entry_points

from newswatch_core.ports import Service

ORDER = ("fetcher", "deduplicator", "tagger", "alerter")


def installed_services() -> Sequence[Service]:
    """The services found through the entry points `newswatch.services`, in the order of the pipeline."""
    found = [point.load() for point in entry_points(group="newswatch.services")]
    return sorted(found, key=lambda service: ORDER.index(service.name))
