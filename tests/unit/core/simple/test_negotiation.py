"""Every client gets the representation that it can read."""

from timeit import repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.simple.samples import unhurried

from wheelyard_core.simple.negotiation import accepts_gzip, best_of, negotiate
from wheelyard_core.simple.render import Representation

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"
TEXT = "text/html; charset=utf-8"
NOTHING = None

LATEST_JSON = "application/vnd.pypi.simple.latest+json"
LATEST_HTML = "application/vnd.pypi.simple.latest+html"

ACCEPTED: list[tuple[str, str | None, str | None]] = [
    # What clients send, word for word.
    ("pip 21.0.1 to 22.1", "text/html", TEXT),
    ("pip 22.2 to 26.3", f"{JSON}, {HTML}; q=0.1, text/html; q=0.01", JSON),
    ("uv 0.13.9", f"{JSON}, {HTML};q=0.2, text/html;q=0.01", JSON),
    ("poetry 2.5.1, a source of one's own", f"{JSON}, */*;q=0.1", JSON),
    ("poetry 2.5.1, PyPI's place", JSON, JSON),
    ("poetry 1.8, hatch 1.18 (httpx), curl, requests", "*/*", TEXT),
    ("pdm 2.29, unearth 0.19", f"{JSON}, {HTML}; q=0.1, text/html; q=0.01", JSON),
    ("bandersnatch 6, renovate", JSON, JSON),
    ("pypi-simple 1.8", f"{JSON}, {HTML}, text/html;q=0.01", JSON),
    ("pypi-simple 1.8, JSON preferred", f"{JSON}, {HTML};q=0.5, text/html;q=0.01", JSON),
    ("pypi-simple 1.8, HTML preferred", f"{HTML}, text/html;q=0.5, {JSON};q=0.1", HTML),
    ("pypi-simple 1.8, HTML only", f"{HTML}, text/html;q=0.01", HTML),
    ("the example of PEP 691", f"{JSON}, {HTML};q=0.2, text/html;q=0.01", JSON),
    ("an index that mirrors, all said", f"{JSON};q=1.0, text/html;q=0.5, {HTML};q=0.5", JSON),
    ("a tool that takes any JSON", f"{JSON};q=1.0, application/json;q=0.8, */*;q=0.1", JSON),
    ("setuptools' easy_install, urllib", None, TEXT),
    ("Python 2's urllib2, an empty header", "", TEXT),
    ("HttpURLConnection", "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", TEXT),
    ("wget 1.21", "*/*", TEXT),
    ("wget 1.10", "*/*;q=1.0", TEXT),
    (
        "Firefox 128",
        "text/html,application/xml;q=0.9,image/avif,image/webp,image/png,image/svg+xml,*/*;q=0.8",
        TEXT,
    ),
    ("Firefox 132", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", TEXT),
    (
        "Chrome 130, Edge 130",
        "text/html,application/xml;q=0.9,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
        TEXT,
    ),
    ("Safari 18", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", TEXT),
    ("Edge 18, all equal", "text/html, application/xhtml+xml, image/jxr, */*", TEXT),
    ("lynx", "text/html, text/plain, text/sgml, text/css, */*;q=0.01", TEXT),
    # Names.
    ("versioned HTML as asked", HTML, HTML),
    ("latest JSON is version 1", LATEST_JSON, JSON),
    ("latest HTML is version 1", LATEST_HTML, HTML),
    ("capitals", JSON.upper(), JSON),
    ("a parameter", "text/html;level=1", TEXT),
    ("a charset", "text/html; charset=utf-8", TEXT),
    ("two headers joined", f"text/html;q=0.5,{JSON}", JSON),
    # Ties.
    ("JSON and both HTML tie", f"text/html, {HTML}, {JSON}", JSON),
    ("JSON and text/html tie below 1", f"text/html;q=0.5, {JSON};q=0.5", JSON),
    ("both HTML tie", f"text/html, {HTML}", HTML),
    ("JSON named beside a wildcard", f"*/*, {JSON}", JSON),
    ("versioned HTML named beside a wildcard", f"{HTML}, */*", HTML),
    # Qualities.
    ("HTML wanted more", f"{JSON};q=0.5, text/html", TEXT),
    ("three digits", f"{JSON};q=0.998, text/html;q=0.999", TEXT),
    ("a space around the sign", f"{JSON} ; Q = 0.1 , text/html ; q = 0.2", TEXT),
    ("the wildcard wanted more than JSON", f"{JSON};q=0.5, */*", TEXT),
    ("the same range twice, the better counts", f"{JSON}, {JSON};q=0.1, text/html;q=0.5", JSON),
    ("latest wanted more than version 1", f"{JSON};q=0.1, {LATEST_JSON}, text/html;q=0.5", JSON),
    # Wildcards.
    ("a wildcard with a quality", "*/*;q=0.1", TEXT),
    ("a wildcard beside what we have not", "application/json, */*;q=0.5", TEXT),
    ("any text", "text/*", TEXT),
    ("any application", "application/*", JSON),
    ("any application and any text", "application/*, text/*", TEXT),
    ("any application wanted more", "application/*, text/*;q=0.9", JSON),
    ("a lone asterisk", "*", TEXT),
    ("a lone asterisk beside what we have not", "application/json, *", TEXT),
    # Refusals.
    ("JSON refused", f"{JSON};q=0, */*", TEXT),
    ("text/html refused", "text/html;q=0, */*", JSON),
    ("text/html and JSON refused", f"text/html;q=0, {JSON};q=0.0, */*", HTML),
    ("everything refused", "*/*;q=0", NOTHING),
    ("what was named is refused", f"{JSON};q=0.000", NOTHING),
    ("a type refused, its family wanted", f"{JSON};q=0, application/*;q=0.2", HTML),
    # Nothing fits.
    ("plain JSON", "application/json", NOTHING),
    ("an image", "image/png", NOTHING),
    ("a version to come", "application/vnd.pypi.simple.v2+json", NOTHING),
    ("another family", "image/*", NOTHING),
    # Malformed: the element is ignored; where nothing is left, the header.
    ("no range at all", "json", TEXT),
    ("commas", ", ,,", TEXT),
    ("semicolons", ";;;", TEXT),
    ("a quality alone", ";q=0", TEXT),
    ("a quality that is a word", f"{JSON};q=high, text/html;q=0.1", TEXT),
    ("a quality above 1", f"{JSON};q=1.5, text/html;q=0.1", TEXT),
    ("a negative quality", f"{JSON};q=-1, text/html;q=0.1", TEXT),
    ("not a number", f"{JSON};q=nan, text/html;q=0.1", TEXT),
    ("infinity", f"{JSON};q=inf, text/html;q=0.1", TEXT),
    ("other digits", f"{JSON};q=\N{ARABIC-INDIC DIGIT ONE}, text/html;q=0.1", TEXT),
    ("an empty quality", f"{JSON};q=, text/html;q=0.1", TEXT),
    ("a point alone", f"{JSON};q=., text/html;q=0.1", TEXT),
    ("half a range", f"application/, /json, {JSON}", JSON),
    ("a comma in quotes", f'text/html;a="x,{JSON}";q=0.1, {HTML};q=0.2', HTML),
    ("a semicolon in quotes", f'text/html;a=";q=1";q=0.1, {JSON};q=0.2', JSON),
    ("a quote in quotes", f'text/html;a="\\",";q=0.1, {JSON};q=0.2', JSON),
    ("a quote that never ends", f'{JSON}, text/html;a="b', JSON),
    ("a quote that never ends holds the rest", f'text/html;q=0.1;a="b, {JSON}', TEXT),
    ("a line feed behind", f"{JSON}\n", JSON),
]


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [pytest.param(accept, wanted, id=title) for title, accept, wanted in ACCEPTED],
)
def test_a_header_gets_its_offer_by_pep_691(accept: str | None, content_type: str | None) -> None:
    offer = negotiate(accept, None)

    assert (offer and offer.content_type) == content_type


@pytest.mark.parametrize(
    ("content_type", "representation"),
    [(JSON, Representation.JSON), (HTML, Representation.HTML), ("text/html", Representation.HTML)],
)
def test_an_offer_knows_what_to_send(content_type: str, representation: Representation) -> None:
    offer = negotiate(content_type, None)

    assert offer is not None
    assert offer.representation is representation


@pytest.mark.parametrize(
    ("parameter", "content_type"),
    [
        (JSON, JSON),
        (HTML, HTML),
        ("text/html", TEXT),
        (LATEST_JSON, JSON),
        (LATEST_HTML, HTML),
        (JSON.upper(), JSON),
        # The plus was not encoded, and the query's decoder made a space of it.
        (JSON.replace("+", " "), JSON),
        ("application/json", NOTHING),
        ("json", NOTHING),
        ("*/*", NOTHING),
        (f"{JSON},text/html", NOTHING),
    ],
)
def test_the_format_parameter_beats_the_header(parameter: str, content_type: str | None) -> None:
    for accept in (None, "*/*", JSON, HTML, "text/html", "image/png", f"{JSON};q=0"):
        offer = negotiate(accept, parameter)

        assert (offer and offer.content_type) == content_type


def test_an_empty_format_parameter_is_none() -> None:
    offer = negotiate(JSON, "")

    assert offer is not None
    assert offer.content_type == JSON


GZIP: list[tuple[str | None, bool]] = [
    (None, False),
    ("", False),
    ("gzip", True),
    ("GZIP", True),
    ("x-gzip", True),
    ("gzip, deflate", True),  # requests, and so pip
    ("gzip, deflate, br, zstd", True),  # browsers
    ("gzip, br", True),  # uv
    ("identity", False),  # pip, for files
    ("br", False),
    ("deflate, br;q=0.9", False),
    ("gzip;q=0", False),
    ("gzip; q=0.000", False),
    ("gzip;q=0.1", True),
    ("gzip;q=0, *", False),
    ("*", True),
    ("*;q=0", False),
    ("*;q=0.1", True),
    ("gzip, *;q=0", True),
    ("identity;q=1, gzip;q=0.5", False),
    ("identity;q=0.5, gzip;q=1", True),
    ("identity, gzip", True),
    ("gzip;q=0.5, *", False),  # the asterisk is identity, too, and wanted more
    ("gzip, *;q=0.5", True),
    ("identity;q=0.5, *;q=0.4", False),
    ("identity;q=0, *", True),
    ("identity;q=0", False),
    ("identity;q=0, gzip;q=0.1", True),
    ("gzip;q=high", False),
    ("gzip;q=2", False),
    ("gzipped", False),
    ("gz ip", False),
    (",;,", False),
    ("gzip;q=0, gzip", True),  # the last word counts
]


@pytest.mark.parametrize(("header", "accepted"), GZIP)
def test_gzip_is_sent_to_whom_it_serves(header: str | None, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted


PIECES = [
    ",", ";", "q=", "0", "1", ".", "5", '"', "\\", "*", "/", "*/*", "=", "a", "gzip", "identity",
    "text/html", " ", "\t", "\0", JSON, HTML,
]  # fmt: skip
headers = st.text(max_size=80) | st.lists(
    st.sampled_from(PIECES),
).map("".join)


@unhurried
@given(headers, st.none() | st.text(max_size=40))
def test_no_header_ever_raises(header: str, parameter: str | None) -> None:
    offer = negotiate(header, parameter)

    assert offer is None or offer.content_type in {JSON, HTML, TEXT}
    assert accepts_gzip(header) in {True, False}


@pytest.mark.parametrize(
    "unit", ['"', '\\"', '"\\', ",", ";", ";q=", '";', "a/", "q=0.", '",', " ", "\\", "*/*,"]
)
def test_a_long_header_is_read_in_linear_time(unit: str) -> None:
    # Servers stop at 8 to 64 KiB of header. Measured: at most 20 ms; quadratic would take seconds.
    header = unit * (65536 // len(unit))

    spent = min(repeat(lambda: negotiate.__wrapped__(header, None), number=1, repeat=2))

    assert spent < 0.5


def test_what_strangers_send_is_remembered_within_bounds() -> None:
    for remembered in (negotiate, accepts_gzip):
        assert remembered.cache_info().maxsize == 512


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "a/first"),
        ("*/*", "a/first"),
        ("text/html,*/*;q=0.8", "a/first"),
        ("b/second", "b/second"),
        ("a/first;q=0.5, b/second", "b/second"),
        ("b/*", "b/second"),
        ("a/first;q=0, */*", "b/second"),
        ("nonsense", "a/first"),
        ("text/html", None),
        ("*/*;q=0", None),
    ],
)
def test_of_other_types_the_most_wanted_is_chosen(accept: str | None, chosen: str | None) -> None:
    assert best_of(accept, ("a/first", "b/second")) == chosen
