"""The page model refuses what could not be shown."""

from datetime import datetime

import pytest
from tests.unit.core.simple.samples import a_file

from wheelyard_core.simple.page import PackagePage, ProjectStatus, RootPage


def test_an_upload_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match=r"demo-1.0.*time zone"):
        a_file(upload_time=datetime(2026, 1, 2))  # noqa: DTZ001 - what the test is about


def test_a_package_is_active_unless_told_otherwise() -> None:
    page = PackagePage("demo", 1, (), ())

    assert page.status == ProjectStatus("active", None)


def test_the_root_is_sorted_by_normalized_name() -> None:
    root = RootPage.of(1, ["zope.interface", "Flask", "aiohttp", "_private", "Zope"])

    assert root.names == ("_private", "aiohttp", "Flask", "Zope", "zope.interface")


def test_two_spellings_of_one_name_are_listed_once() -> None:
    root = RootPage.of(1, ["My.Package", "my_package", "MY--package"])

    assert root.names == ("My.Package",)
