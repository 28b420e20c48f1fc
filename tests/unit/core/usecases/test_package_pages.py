"""A listing becomes the same page wherever it is made."""

from datetime import UTC, datetime

import pytest

from wheelyard_core.domain.catalogue import ListedFile, PackageListing
from wheelyard_core.usecases.pages import package_page


def listed(*versions: str) -> PackageListing:
    published = datetime(2026, 1, 1, tzinfo=UTC)
    files = [
        ListedFile(f"demo-{text}.tar.gz", text, "ab" * 32, 1, published, None, None, None)
        for text in versions
    ]
    return PackageListing("demo", 1, tuple(files))


@pytest.mark.parametrize(
    ("published", "shown"),
    [
        (("1.0", "1.0.0"), ("1.0",)),
        (("1.0.0", "1.0"), ("1.0.0",)),
        (("2", "1.0.0", "1", "2.0", "1.0"), ("1.0.0", "2")),
        (("1.10", "1.9", "1!0.1", "1.9rc1"), ("1.9rc1", "1.9", "1.10", "1!0.1")),
        (("1.0+b", "1.0.0+b", "1.0"), ("1.0", "1.0+b")),
        ((), ()),
    ],
)
def test_a_release_is_one_version_as_it_was_first_published(
    published: tuple[str, ...], shown: tuple[str, ...]
) -> None:
    page = package_page(listed(*published), "", "projects/1")

    assert page.versions == shown
    assert len(page.files) == len(published)
