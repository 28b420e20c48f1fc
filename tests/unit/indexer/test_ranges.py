"""Which bytes a Range header is for."""

import pytest

from wheelyard_indexer.ranges import Span, Unsatisfiable, wanted_span

ETAG = '"abc"'


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", Span(0, 1)),
        ("bytes=0-99", Span(0, 100)),
        ("bytes=10-19", Span(10, 20)),
        ("bytes=90-200", Span(90, 100)),
        ("bytes=90-", Span(90, 100)),
        ("bytes=0-", Span(0, 100)),
        ("bytes=-10", Span(90, 100)),
        ("bytes=-10000", Span(0, 100)),
        ("Bytes = 1 - 2 ", Span(1, 3)),
        ("bytes=5-4", None),
        ("bytes=-", None),
        ("bytes=0-1,3-4", None),
        ("bytes=a-b", None),
        ("bytes=1_0-20", None),
        ("bytes=\u0661-\u0662", None),
        ("bytes=0-" + "9" * 30, Span(0, 100)),
        ("bytes=-" + "9" * 5000, Span(0, 100)),
        ("bytes=" + "0" * 30 + "5-", Span(5, 100)),
        ("bytes=" + "9" * 30 + "-5", None),
        ("lines=0-1", None),
        ("", None),
        (None, None),
    ],
)
def test_a_range_is_read_or_ignored(header: str | None, expected: Span | None) -> None:
    assert wanted_span(header, None, ETAG, 100) == expected


@pytest.mark.parametrize(
    "header",
    [
        *("bytes=100-", "bytes=100-200", "bytes=-0"),
        *(f"bytes={'9' * 5000}-", f"bytes={'9' * 30}-{'9' * 40}"),
    ],
)
def test_a_range_outside_of_the_file_is_refused(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        wanted_span(header, None, ETAG, 100)


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=-1", "bytes=0-0"])
def test_an_empty_file_has_no_range(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        wanted_span(header, None, ETAG, 0)


@pytest.mark.parametrize(
    ("if_range", "holds"),
    [
        (ETAG, True),
        (f" {ETAG} ", True),
        ('"other"', False),
        (f"W/{ETAG}", False),
        ("Tue, 24 Nov 2026 09:00:00 GMT", False),
        ("", False),
    ],
)
def test_if_range_holds_for_the_very_bytes_only(if_range: str, *, holds: bool) -> None:
    span = wanted_span("bytes=1-2", if_range, ETAG, 100)

    assert span == (Span(1, 3) if holds else None)


def test_an_outdated_if_range_asks_for_the_whole_even_when_the_range_is_outside() -> None:
    assert wanted_span("bytes=500-", '"old"', ETAG, 100) is None
