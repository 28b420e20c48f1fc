"""What goes wrong with blobs, made on purpose."""

from collections.abc import Iterator
from io import BytesIO

import pytest
from tests.support.distributions import Built
from tests.support.in_process import Yard

from wheelyard_core.domain.upkeep import Finding
from wheelyard_core.ports import BlobStore

# For what is the same on every database, and was tried on both by another test.
ON_SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


class Shelf:
    """A registry's blobs, and what is found about them."""

    def __init__(self, yard: Yard) -> None:
        self.yard = yard

    @property
    def blobs(self) -> BlobStore:
        return self.yard.registry.blobs

    def keys(self) -> list[str]:
        return sorted(self.blobs.keys(""))

    def key_of(self, built: Built) -> str:
        (key,) = (key for key in self.keys() if built.sha256 in key and "." not in key)
        return key

    def write(self, key: str, content: bytes) -> None:
        self.blobs.delete(key)
        self.blobs.put(key, BytesIO(content), len(content))

    def reconcile(self) -> dict[str, Finding]:
        """Have everything counted and read; return what is wrong."""
        self.yard.registry.reconciler().run(lambda _progress: None, read_all=True)
        return dict(self.found())

    def found(self) -> Iterator[tuple[str, Finding]]:
        with self.yard.registry.database.snapshot() as uow:
            for one in uow.reconciling.findings(None, 1_000):
                yield one.blob_key, one.state
