"""Pages to test with: the default is valid, each test states only what it is about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from hypothesis import settings

from wheelyard_core.simple.page import PackagePage, PageFile
from wheelyard_core.simple.urls import file_url

DIGEST = "ab" * 32
METADATA_DIGEST = "cd" * 32

# Two cores under load take longer than hypothesis expects; what is slow here has its own test.
unhurried = settings(deadline=None)


def a_file(filename: str = "demo-1.0-py3-none-any.whl", **changes: Any) -> PageFile:
    """Return a published wheel with these changes."""
    plain = PageFile(
        filename=filename,
        url=file_url("", "projects/42", DIGEST, filename),
        sha256=DIGEST,
        size=1234,
        upload_time=datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC),
        requires_python=None,
        metadata_sha256=None,
        yanked=None,
        provenance=None,
    )
    return replace(plain, **changes)


def a_page(*files: PageFile, **changes: Any) -> PackagePage:
    """Return the page of `demo` with these files and changes."""
    return replace(PackagePage("demo", 7, files, ("1.0",)), **changes)


def a_large_page(count: int) -> PackagePage:
    """Return a page whose digests differ, as real ones do, so that gzip has its real work."""
    return a_page(*map(_one_of_many, range(count)))


def _one_of_many(number: int) -> PageFile:
    digest = sha256(str(number).encode()).hexdigest()
    filename = f"demo-1.{number}.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
    return a_file(
        filename,
        url=file_url("", "projects/42", digest, filename),
        sha256=digest,
        size=1000 + 37 * number,
        upload_time=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=977.123 * number),
        requires_python=">=3.9,!=3.10.0",
        metadata_sha256=sha256(f"metadata {number}".encode()).hexdigest(),
    )
