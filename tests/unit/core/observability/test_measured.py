"""What is counted beside what an adapter does."""

from wheelyard_core.domain.group_index import Overlap, PackageOverlap
from wheelyard_core.observability.catalogue import Part
from wheelyard_core.observability.measured import measured_overlap
from wheelyard_core.observability.metrics import Metrics


def test_a_name_in_a_second_project_is_counted_by_what_the_group_shows() -> None:
    metrics = Metrics("worker", [Part.TASKS])

    measured_overlap(metrics)(
        Overlap(1, "acme", PackageOverlap.MERGE, "demo", "acme/two", ("acme/one",))
    )

    counted = metrics.exposition().decode()
    assert 'wheelyard_package_overlaps_total{policy="merge"} 1.0' in counted
