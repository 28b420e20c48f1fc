"""A stored page is loaded as it was, fast, or is a miss; it never breaks a reader."""

from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.simple.samples import METADATA_DIGEST, a_file, a_page, unhurried

from wheelyard_core.simple.page import ProjectStatus, RootPage, Yanked
from wheelyard_core.simple.render import (
    FORM,
    SERIAL_AT,
    dump,
    is_outdated,
    load,
    outdated,
    render,
    serial_of,
)

STORED = dump(render(a_page(a_file(), serial=258)))


def test_a_stored_page_is_loaded_as_it_was() -> None:
    rendered = render(a_page(a_file()))

    assert load(dump(rendered)) == rendered


def test_a_stored_root_is_loaded_as_it_was() -> None:
    rendered = render(RootPage(2, ("Flask",)))

    assert load(dump(rendered)) == rendered


def test_the_serial_is_read_from_the_first_bytes() -> None:
    assert serial_of(STORED[:12]) == 258


@unhurried
@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_stored_serials_compare_as_bytes(one: int, other: int) -> None:
    rendered = render(a_page())

    first, second = (dump(replace(rendered, serial=serial)) for serial in (one, other))

    assert (first[SERIAL_AT] < second[SERIAL_AT]) == (one < other)


@pytest.mark.parametrize("length", [0, 1, 11, 12, 40, 43, 44, len(STORED) - 1])
def test_a_page_cut_off_is_a_value_error(length: int) -> None:
    with pytest.raises(ValueError, match="stored page"):
        load(STORED[:length])


def test_a_page_with_something_behind_it_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="not as long"):
        load(STORED + b"x")


def test_a_cut_off_serial_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="cut off"):
        serial_of(STORED[:11])


def test_what_stands_in_place_of_a_page_has_a_serial_and_is_no_page() -> None:
    mark = outdated(258)

    assert is_outdated(mark)
    assert not is_outdated(STORED)
    assert serial_of(mark) == serial_of(STORED)
    with pytest.raises(ValueError, match="out of date"):
        load(mark)


@pytest.mark.parametrize("form", [FORM + 1, 255])
def test_the_form_of_another_release_is_a_value_error(form: int) -> None:
    raw = STORED[:3] + bytes([form]) + STORED[4:]

    for read in (load, serial_of):
        with pytest.raises(ValueError, match="no page stored in the form"):
            read(raw)


def test_a_tag_that_is_not_ascii_is_a_value_error() -> None:
    start = STORED.index(render(a_page(a_file(), serial=258)).json.etag.encode())
    raw = STORED[:start] + b"\xff" + STORED[start + 1 :]

    with pytest.raises(ValueError, match="ascii"):
        load(raw)


@unhurried
@given(st.binary(min_size=1, max_size=300))
def test_junk_is_a_value_error(raw: bytes) -> None:
    for junk in (raw, STORED[:4] + raw, raw + STORED):
        with pytest.raises(ValueError, match="stored"):
            load(junk)


def test_a_new_look_of_pages_needs_a_new_form() -> None:
    """Pages stored by an older release stay until their serial grows: raise FORM with the look."""
    file = a_file(
        requires_python=">=3.9",
        metadata_sha256=METADATA_DIGEST,
        yanked=Yanked("bad"),
        provenance="https://yard.example/p",
    )
    package = render(a_page(file, status=ProjectStatus("archived", "old")))
    root = render(RootPage(2, ("Flask",), "/simple"))

    # Not of gzip: another zlib may write other bytes that mean the same.
    look = sha256()
    for rendered in (package, root):
        look.update(rendered.json.identity + rendered.html.identity)

    assert (FORM, look.hexdigest()[:16]) == (1, "4da7019d4e202c87")
