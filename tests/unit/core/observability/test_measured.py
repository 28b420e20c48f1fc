"""What is counted beside what an adapter does."""

from wheelyard_core.domain.catalogue import FileStatus, Publisher, StoredFile
from wheelyard_core.domain.digests import Digests
from wheelyard_core.domain.group_index import Overlap, PackageOverlap
from wheelyard_core.observability.catalogue import Part
from wheelyard_core.observability.measured import measured_attestations, measured_overlap
from wheelyard_core.observability.metrics import Metrics


def test_a_name_in_a_second_project_is_counted_by_what_the_group_shows() -> None:
    metrics = Metrics("worker", [Part.TASKS])

    measured_overlap(metrics)(
        Overlap(1, "acme", PackageOverlap.MERGE, "demo", "acme/two", ("acme/one",))
    )

    counted = metrics.exposition().decode()
    assert 'wheelyard_package_overlaps_total{policy="merge"} 1.0' in counted


def test_files_with_attestations_are_counted_by_what_was_found() -> None:
    metrics = Metrics("worker", [Part.TASKS])
    file = StoredFile(
        1, 1, "upload", "demo-1.0.tar.gz", "demo", "1.0", 9, Digests("a", "b", "c"), "key",
        FileStatus.RECEIVED, Publisher(None, None, "github:acme/tools"),
    )  # fmt: skip

    tell = measured_attestations(metrics)
    tell(file, ())
    tell(file, ("demo-1.0.tar.gz: not by acme.",))

    counted = metrics.exposition().decode()
    assert 'wheelyard_attested_files_total{result="verified"} 1.0' in counted
    assert 'wheelyard_attested_files_total{result="refused"} 1.0' in counted
