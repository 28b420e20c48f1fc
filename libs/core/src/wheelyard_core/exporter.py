"""Metrics of the service as a whole: one truth each, from the database and from the broker.

Every other metric is of one process. These are shown in one place, by the scheduler, so that a
scrape of many replicas asks the database once. What cannot be read is missing, and not 0.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from wheelyard_core.adapters.broker_state import queue_states
from wheelyard_core.adapters.db.watching import holdings, outbox_state
from wheelyard_core.bootstrap import Registry
from wheelyard_core.observability.looking import Look
from wheelyard_core.observability.metrics import Metrics

Values: TypeAlias = Mapping[tuple[str, ...], float]
Truths: TypeAlias = Mapping[str, Values]

# They are asked this often, however often metrics are scraped; counting files takes longer.
_REMEMBERED_SECONDS: Final = 5.0
_COUNTED_SECONDS: Final = 60.0

OUTBOX: Final = (
    "wheelyard_outbox_pending",
    "wheelyard_outbox_oldest_age_seconds",
    "wheelyard_outbox_set_aside",
    "wheelyard_index_staleness_seconds",
)
HOLDINGS: Final = ("wheelyard_files", "wheelyard_projects", "wheelyard_stored_bytes")
BROKER: Final = ("wheelyard_queue_messages", "wheelyard_queue_oldest_unacked_age_seconds")


def watch_service(metrics: Metrics, registry: Registry) -> None:
    """Show what the outbox, the registry and the broker hold."""

    def outbox() -> Truths:
        with registry.database.snapshot() as uow:
            state = outbox_state(uow.session)
        values = (state.pending, state.oldest_age, state.set_aside, state.staleness)
        return {name: {(): float(value)} for name, value in zip(OUTBOX, values, strict=True)}

    def held() -> Truths:
        with registry.database.snapshot() as uow:
            found = holdings(uow.session)
        values = (found.files, found.projects, found.stored_bytes)
        return {name: {(): float(value)} for name, value in zip(HOLDINGS, values, strict=True)}

    def broker() -> Truths:
        messages: dict[tuple[str, ...], float] = {}
        ages: dict[tuple[str, ...], float] = {}
        for name, queue in queue_states(registry.settings.broker).items():
            messages[name, "ready"] = queue.ready
            messages[name, "unacked"] = queue.unacked
            ages[name,] = queue.oldest_unacked_age
        return dict(zip(BROKER, (messages, ages), strict=True))

    _show(metrics, OUTBOX, Look(outbox, keep=_REMEMBERED_SECONDS))
    _show(metrics, HOLDINGS, Look(held, keep=_COUNTED_SECONDS))
    _show(metrics, BROKER, Look(broker, keep=_REMEMBERED_SECONDS))


def _show(metrics: Metrics, names: tuple[str, ...], look: Look[Truths]) -> None:
    for name in names:
        metrics.observed.add(name, _one_of(look, name))


def _one_of(look: Look[Truths], name: str) -> Callable[[], Values]:
    return lambda: look()[name]
