"""Whatever is sent as an upload's form: published, or refused by a sentence, and nothing left."""

from dataclasses import dataclass

from hypothesis import example, given
from hypothesis import strategies as st
from tests.fuzz.harness import check_refusal, fuzzed, odd_texts
from tests.support.distributions import ADistribution
from tests.support.forms import BOUNDARY, AForm, form_headers
from tests.support.in_process import Yard
from tests.support.seed import SeededProject
from werkzeug.test import TestResponse

WHEEL = ADistribution().wheel()
FORM = AForm.of(WHEEL)
VALID = FORM.body()
DASHES = f"--{BOUNDARY}".encode()
PIECES = [
    b"", b"\r\n", b"\n", b"\r", b"\r\n\r\n", DASHES, DASHES + b"\r\n", DASHES + b"--\r\n", b"\0",
    b"\xff\xfe",
    b'Content-Disposition: form-data; name="content"; filename="demo-1.0-py3-none-any.whl"\r\n\r\n',
    b"Content-Disposition: form-data; name=\"content\"; filename*=utf-8''demo%00.whl\r\n\r\n",
    b'Content-Disposition: form-data; name="name"\r\n\r\n',
    b"Content-Disposition: attachment\r\n\r\n",
    b'Content-Disposition: form-data; name="x\r\ny"\r\n\r\n',
    b"Content-Type: multipart/mixed; boundary=x\r\n",
    b"Content-Transfer-Encoding: base64\r\n", b"Content-Type: text/plain; charset=utf-7\r\n",
    b": \r\n",
    b'; filename="', b"PK\x03\x04", b"\x1f\x8b\x08", b"A" * 70_000, DASHES[:-1],
]  # fmt: skip
NAMES = [
    "name", "version", "filetype", "sha256_digest", "md5_digest", "blake2_256_digest", ":action",
    "protocol_version", "content", "attestations", "gpg_signature", "metadata_version",
    "classifiers",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Splice:
    """Bytes in place of others."""

    start: int
    length: int
    piece: bytes

    def on(self, body: bytes) -> bytes:
        at = self.start % (len(body) + 1)
        return body[:at] + self.piece + body[at + self.length :]


splices = st.builds(
    Splice,
    st.integers(0, len(VALID)),
    st.sampled_from([0, 0, 1, 2, 40, 400]),
    st.sampled_from(PIECES) | st.binary(max_size=30),
)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    body = VALID
    for splice in draw(st.lists(splices, min_size=1, max_size=3)):
        body = splice.on(body)
    return body


def send(
    yard: Yard, project: SeededProject, secret: str, body: bytes, kind: str | None = None
) -> TestResponse:
    headers = form_headers(secret)
    return yard.client.post(
        f"/api/v4/projects/{project.id}/packages/pypi",
        data=body,
        headers={**headers, "Content-Type": headers["Content-Type"] if kind is None else kind},
    )


def check_upload(
    yard: Yard, project: SeededProject, secret: str, body: bytes, kind: str | None = None
) -> None:
    before = yard.kept.uploads(project.id), yard.kept.filenames(project.id), yard.kept.blobs()

    answer = send(yard, project, secret, body, kind)

    check_refusal(answer)
    if answer.status_code not in {200, 201}:
        after = yard.kept.uploads(project.id), yard.kept.filenames(project.id), yard.kept.blobs()
        # A verdict on the bytes is kept for whoever sent them.
        remembered = [upload for upload in after[0] if upload[1] != "rejected"]
        assert remembered == [upload for upload in before[0] if upload[1] != "rejected"]
        assert after[1:] == before[1:]


@fuzzed(40)
@example(VALID.replace(b"\r\n", b"\n"))
@example(VALID + VALID)
@example(VALID[: len(VALID) // 2])
@given(bodies())
def test_a_form_that_was_tampered_with(
    yard: Yard, project: SeededProject, secret: str, body: bytes
) -> None:
    check_upload(yard, project, secret, body)


@fuzzed(30)
@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=40), max_size=12).map(b"".join))
def test_a_form_of_pieces(yard: Yard, project: SeededProject, secret: str, body: bytes) -> None:
    check_upload(yard, project, secret, body)


@fuzzed(30)
@given(
    st.dictionaries(st.sampled_from(NAMES[:8]), odd_texts(), max_size=3),
    st.lists(st.tuples(st.sampled_from(NAMES) | odd_texts(), odd_texts()), max_size=3),
    st.none() | odd_texts(),
)
def test_fields_of_any_text(
    yard: Yard,
    project: SeededProject,
    secret: str,
    said: dict[str, str],
    more: list[tuple[str, str]],
    filename: str | None,
) -> None:
    form = FORM.without(*said)
    for name, value in [*said.items(), *more]:
        form = form.with_field(plain(name), plain(value))
    if filename is not None:
        form = form.named(plain(filename).replace('"', "%22"))

    check_upload(yard, project, secret, form.body())


@fuzzed(20)
@given(odd_texts().map(lambda text: text.encode("utf-8", "replace").decode("latin-1")))
def test_any_type_of_form(yard: Yard, project: SeededProject, secret: str, kind: str) -> None:
    # No server takes these in a header.
    kind = kind.translate(dict.fromkeys(map(ord, "\r\n\0")))
    for said in (kind, f"multipart/form-data; boundary={kind}", f"multipart/form-data; {kind}"):
        check_upload(yard, project, secret, VALID, said)


def plain(text: str) -> str:
    """Return a text as UTF-8 has it."""
    return text.encode("utf-8", "replace").decode()
