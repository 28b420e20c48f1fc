"""An upload's form: read in whatever pieces it comes, refused in the domain's words only."""

import io
from collections.abc import Iterator
from itertools import chain, cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import ClientDisconnected

from wheelyard_api.uploads.form import FilePart, UploadForm
from wheelyard_core.domain.errors import (
    Broken,
    InvalidInput,
    RegistryError,
    TooLarge,
)
from wheelyard_core.settings import LimitSettings

BOUNDARY = "a-boundary"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"
CONTENT = bytes(range(256)) * 300 + b"\r\n--a-boundar\r\n--\r\n"
LIMITS = LimitSettings(
    file_size=1 << 30,
    form_size=1 << 16,
    form_fields=50,
    upload_seconds=60,
    verdict_seconds=1,
    failures_per_minute=0,
    mints_per_minute=0,
    burn_filenames=False,
    spool=None,
)


class Wire:
    """Gives a body in pieces of odd sizes, then *ending*."""

    def __init__(self, body: bytes, sizes: Iterator[int], ending: Exception | None = None) -> None:
        self._body = io.BytesIO(body)
        self._sizes = sizes
        self._ending = ending

    def read(self, n: int, /) -> bytes:
        piece = self._body.read(min(n, next(self._sizes)))
        if not piece and self._ending is not None:
            raise self._ending
        return piece


def whole() -> Iterator[int]:
    return cycle([1 << 30])


def field(name: str, value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return f'Content-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + raw


def file(name: str = "demo-1.0.tar.gz", content: bytes = CONTENT, part: str = "content") -> bytes:
    head = f'Content-Disposition: form-data; name="{part}"; filename="{name}"\r\n'
    return f"{head}Content-Type: application/octet-stream\r\n\r\n".encode() + content


def form_of(*parts: bytes, end: bytes = b"--a-boundary--\r\n") -> bytes:
    return b"".join(b"--a-boundary\r\n" + part + b"\r\n" for part in parts) + end


def read(
    body: bytes,
    sizes: Iterator[int] | None = None,
    limits: LimitSettings = LIMITS,
    ending: Exception | None = None,
) -> tuple[FilePart | None, bytes, dict[str, list[str]]]:
    """Read a form as the api does; return its file's part and bytes, and its fields."""
    form = UploadForm(Wire(body, sizes or whole(), ending), TYPE, limits)
    part = form.to_file()
    pieces = []
    while piece := form.read(1 << 16):
        pieces.append(piece)
    if part is not None:
        form.finish()
    return part, b"".join(pieces), dict(form.fields)


@pytest.mark.parametrize(
    "sizes", [[1], [2, 3, 5, 7], [1 << 16], [1, 1 << 16], [63, 64, 65], [4096, 1]]
)
def test_a_form_is_the_same_in_whatever_pieces_it_comes(sizes: list[int]) -> None:
    content = CONTENT[-900:] if sizes == [1] else CONTENT
    body = form_of(
        field("name", "demo"), file(content=content), field("version", "1.0"), field("é", "ü")
    )

    part, received, fields = read(body, cycle(sizes))

    assert part == FilePart("demo-1.0.tar.gz")
    assert received == content
    assert fields == {"name": ["demo"], "version": ["1.0"], "é": ["ü"]}


@pytest.mark.parametrize("end", [b"--a-boundary--\r\n", b"--a-boundary--"])
@pytest.mark.parametrize("last", ["file", "field"])
def test_wherever_two_pieces_meet_the_form_is_the_same(end: bytes, last: str) -> None:
    parts = [field("name", "demo"), file(content=b"PK \r\n--a-bound\r\n--a-boundar-\r")]
    body = form_of(*(parts if last == "file" else reversed(parts)), end=end)
    expected = read(body)

    assert expected[1] == b"PK \r\n--a-bound\r\n--a-boundar-\r"
    for place in range(1, len(body)):
        assert read(body, chain([place], whole())) == expected, body[place - 9 : place]


def test_the_fields_before_the_file_are_there_before_it_is_read() -> None:
    form = UploadForm(
        Wire(form_of(field("name", "demo"), file(), field("version", "1.0")), cycle([7])),
        TYPE,
        LIMITS,
    )

    assert form.to_file() is not None
    assert dict(form.fields) == {"name": ["demo"]}


def test_a_field_that_comes_twice_keeps_both_values() -> None:
    _, _, fields = read(form_of(field("classifiers", "A"), field("classifiers", "B"), file()))

    assert fields["classifiers"] == ["A", "B"]


def test_a_file_without_a_type_and_an_empty_one_are_files() -> None:
    bare = b'Content-Disposition: form-data; name="content"; filename="a.whl"\r\n\r\n'

    assert read(form_of(bare))[:2] == (FilePart("a.whl"), b"")


def test_other_files_are_passed_over() -> None:
    body = form_of(file("a.asc", b"PGP", "gpg_signature"), file(), file("b", b"x", "other"))

    part, received, fields = read(body)

    assert part == FilePart("demo-1.0.tar.gz")
    assert received == CONTENT
    assert fields == {}


def test_a_form_without_a_file_has_none() -> None:
    assert read(form_of(field("name", "demo"))) == (None, b"", {"name": ["demo"]})


def test_bytes_that_are_no_text_do_not_break_a_field() -> None:
    assert read(form_of(field("name", b"\xff\xfe"), file()))[2]["name"] == ["��"]


def test_a_type_is_one_in_whatever_case() -> None:
    form = UploadForm(Wire(form_of(file()), whole()), TYPE.replace("form", "Form"), LIMITS)

    assert form.to_file() is not None


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "",
        "application/json",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/mixed; boundary=x",
        "\0",
    ],
)
def test_what_is_no_form_is_refused(kind: str | None) -> None:
    with pytest.raises(InvalidInput, match="multipart/form-data with a boundary"):
        UploadForm(Wire(b"", whole()), kind, LIMITS)


def test_content_that_is_no_file_is_refused() -> None:
    with pytest.raises(InvalidInput, match="needs a filename"):
        read(form_of(field("content", "x")))


def test_two_files_are_refused() -> None:
    with pytest.raises(InvalidInput, match="two parts named content"):
        read(form_of(file(), file("other.whl")))


@pytest.mark.parametrize("cut", [0, 1, 20, 60, 500, -4, -18, -30])
def test_a_form_that_ends_in_its_middle_is_broken(cut: int) -> None:
    body = form_of(field("name", "demo"), file(), field("version", "1.0"))

    with pytest.raises(Broken):
        read(body[:cut] if cut else b"", cycle([11, 64]))


@pytest.mark.parametrize("ending", [ConnectionResetError("reset"), ValueError("chunk")])
def test_a_connection_that_breaks_is_broken(ending: Exception) -> None:
    with pytest.raises(Broken, match="connection broke"):
        read(form_of(field("name", "demo"), file(), end=b""), ending=ending)


def test_more_fields_than_one_may_are_too_many() -> None:
    parts = [field(f"f{number}", "x") for number in range(60)]

    with pytest.raises(TooLarge, match="more than 50 fields"):
        read(form_of(*parts, file()))


@pytest.mark.parametrize("count", [1, 20])
def test_fields_that_are_too_large_are_refused_before_they_are_kept(count: int) -> None:
    parts = [field("description", "x" * ((1 << 17) // count)) for _ in range(count)]

    with pytest.raises(TooLarge):
        read(form_of(*parts, file()))


def test_a_file_may_be_larger_than_the_fields_may() -> None:
    large = b"x" * (1 << 20)

    assert read(form_of(file(content=large)))[1] == large


def test_an_upload_that_takes_too_long_is_ended() -> None:
    times = iter(range(0, 10_000, 7))
    form = UploadForm(
        Wire(form_of(field("name", "demo"), file()), cycle([10])), TYPE, LIMITS, lambda: next(times)
    )

    with pytest.raises(Broken, match="longer than 60 s"):
        form.to_file()


def test_an_upload_that_the_server_ended_is_told_that_it_took_too_long() -> None:
    times = iter([0.0, 1.0, 61.0])
    wire = Wire(form_of(file())[:20], whole(), ClientDisconnected())
    form = UploadForm(wire, TYPE, LIMITS, lambda: next(times))

    with pytest.raises(Broken, match="longer than 60 s"):
        form.to_file()


NOISE = st.lists(
    st.one_of(
        st.binary(max_size=60),
        st.sampled_from(
            [
                b"--a-boundary\r\n",
                b"\r\n--a-boundary\r\n",
                b"--a-boundary--",
                b"\r\n\r\n",
                field("name", "demo"),
                file(content=b"x"),
                b"Content-Disposition: form-data",
                b"Content-Disposition: form-data; name=\r\n\r\n",
                b"Content-Disposition: form-data; name=\"content\"; filename*=utf-8''%ff\r\n\r\n",
                b"Content-Transfer-Encoding: base64\r\n",
                b"Content-Type: text/plain; charset=no-such\r\n",
            ]
        ),
    ),
    max_size=12,
).map(b"".join)


@given(body=NOISE, sizes=st.lists(st.integers(1, 80), min_size=1, max_size=5))
def test_whatever_is_sent_the_answer_is_a_refusal_or_a_form(body: bytes, sizes: list[int]) -> None:
    try:
        read(body, cycle(sizes))
    except RegistryError:
        return


@given(kind=st.text(max_size=80))
def test_whatever_the_type_is_the_answer_is_a_refusal_or_a_form(kind: str) -> None:
    for text in (kind, f"multipart/form-data; boundary={kind}"):
        try:
            UploadForm(Wire(b"", whole()), text, LIMITS).to_file()
        except RegistryError:
            continue


def test_the_time_of_the_last_byte_is_that_of_the_last_piece() -> None:
    body, now = form_of(field("name", "demo"), file()), iter(range(1000))
    form = UploadForm(Wire(body, cycle([20_000])), TYPE, LIMITS, lambda: float(next(now)))
    form.to_file()
    first = form.last_byte_at
    while form.read(1 << 16):
        pass
    form.finish()
    last = form.last_byte_at
    assert not form.read(1)

    assert first < last == form.last_byte_at
