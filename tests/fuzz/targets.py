"""Everything that reads bytes of strangers, one function each: it refuses, or it reads.

Whatever else they raise is a fault. Hypothesis feeds them in `test_targets`, and atheris, which
sees which lines its bytes reach, in `guided`.
"""

import io
from collections.abc import Callable, Iterator, Mapping
from itertools import cycle
from typing import Final

from packaging.utils import canonicalize_name
from packaging.version import Version
from tests.support.distributions import ADistribution
from tests.support.forms import BOUNDARY, AForm

from wheelyard_api.uploads.fields import check_action, read_declared
from wheelyard_api.uploads.form import UploadForm
from wheelyard_core.domain.credentials import read_credentials
from wheelyard_core.domain.errors import InvalidDistribution, RegistryError
from wheelyard_core.domain.filenames import DistributionFilename
from wheelyard_core.domain.metadata import parse_core_metadata
from wheelyard_core.domain.names import PackageName
from wheelyard_core.domain.versions import ReleaseVersion
from wheelyard_core.formats.limits import ArchiveLimits
from wheelyard_core.formats.verify import verify
from wheelyard_core.settings import LimitSettings
from wheelyard_core.simple.negotiation import accepts_gzip, etag_matches, negotiate
from wheelyard_indexer.ranges import Unsatisfiable, wanted_span

Target = Callable[[bytes], None]

DEMO: Final = ADistribution().with_entry_points("[console_scripts]\nrun = demo:main\n")
WHEEL, SDIST = DEMO.wheel(), DEMO.sdist()
_TYPE: Final = f"multipart/form-data; boundary={BOUNDARY}"
_SMALL: Final = LimitSettings(
    file_size=1 << 20,
    form_size=1 << 12,
    form_fields=20,
    upload_seconds=60,
    verdict_seconds=1,
    failures_per_minute=0,
    mints_per_minute=0,
    burn_filenames=False,
    spool=None,
)
_ARCHIVE: Final = ArchiveLimits(max_expanded=1 << 20, max_members=100)
_NAMES: Final = ("name", "version", "filetype", "sha256_digest", "md5_digest", ":action")
_SIZE: Final = 1000
_TAG: Final = '"ab"'


class _Wire:
    """Gives a body in pieces whose sizes are its own first bytes."""

    def __init__(self, data: bytes) -> None:
        self._body = io.BytesIO(data[4:])
        self._sizes: Iterator[int] = cycle([byte + 1 for byte in data[:4]] or [64])

    def read(self, n: int, /) -> bytes:
        return self._body.read(min(n, next(self._sizes)))


def form(data: bytes) -> None:
    """Read an upload's form to its end."""
    try:
        read = UploadForm(_Wire(data), _TYPE, _SMALL)
        if read.to_file() is not None:
            while read.read(1 << 16):
                pass
            read.finish()
        check_action(read.fields, {})
        read_declared(read.fields)
    except RegistryError as error:
        _sentence(error)


def fields(data: bytes) -> None:
    """Parse what a form declares; what is taken is as `packaging` takes it."""
    *values, filename = data.decode("utf-8", "replace").split("\n")
    try:
        said = {name: [value] for name, value in zip(_NAMES, values, strict=False)}
        check_action(said, {})
        declared = read_declared(said)
        declared.filename(filename)
    except RegistryError as error:
        _sentence(error)


def names(data: bytes) -> None:
    """Parse a name, a version and a file name; parsing again what came out changes nothing."""
    text = data.decode("utf-8", "replace")
    for parse in (_name, _version, _filename):
        try:
            parse(text)
        except RegistryError as error:
            _sentence(error)


def headers(data: bytes) -> None:
    """Read what a request says of itself in its headers."""
    text = data.decode("latin-1")
    offer = negotiate.__wrapped__(text, text or None)
    assert offer is None or offer.content_type.startswith(("application/vnd.pypi", "text/html"))
    assert accepts_gzip.__wrapped__(text) in {True, False}
    assert etag_matches(text, _TAG) in {True, False}
    read_credentials({"authorization": text}.get)
    try:
        span = wanted_span(text, None, _TAG, _SIZE)
    except Unsatisfiable:
        return
    assert span is None or 0 <= span.start < span.stop <= _SIZE


def metadata(data: bytes) -> None:
    """Parse core metadata."""
    try:
        parse_core_metadata(data, "METADATA")
    except InvalidDistribution as error:
        _sentence(error)


def wheel(data: bytes) -> None:
    """Verify a wheel."""
    _verify(WHEEL.filename, data)


def sdist(data: bytes) -> None:
    """Verify an sdist."""
    _verify(SDIST.filename, data)


def _verify(filename: str, data: bytes) -> None:
    try:
        verify(io.BytesIO(data), DistributionFilename.parse(filename), _ARCHIVE)
    except InvalidDistribution as error:
        _sentence(error)


def _name(text: str) -> None:
    name = PackageName.parse(text)
    assert name.text == text
    assert name.normalized == canonicalize_name(text, validate=True)


def _version(text: str) -> None:
    version = ReleaseVersion.parse(text)
    assert Version(version.text) == Version(text)
    assert ReleaseVersion.parse(version.text) == version


def _filename(text: str) -> None:
    filename = DistributionFilename.parse(text)
    assert filename.text == text
    DistributionFilename.parse_for(text, filename.name, filename.version)


def _sentence(error: RegistryError) -> None:
    assert str(error).isprintable(), repr(str(error))
    assert len(str(error).split()) > 1


# Of each, what it reads without a refusal: both engines begin there.
TARGETS: Final[Mapping[str, tuple[Target, tuple[bytes, ...]]]] = {
    "form": (form, (b"abcd" + AForm.of(WHEEL).body(), b"\xff" * 4 + AForm.of(SDIST).body())),
    "fields": (
        fields,
        (
            f"demo\n1.0\nbdist_wheel\n{'0' * 64}\n\nfile_upload\n{WHEEL.filename}".encode(),
            f"demo\n1.0\nsdist\n\n{'0' * 32}\n\n{SDIST.filename}".encode(),
        ),
    ),
    "names": (
        names,
        (b"My.Package", b"1!2.0rc1.post2.dev3+local.4", b"demo-1.0-1-py2.py3-none-any.whl"),
    ),
    "headers": (
        headers,
        (
            b"application/vnd.pypi.simple.v1+json, text/html;q=0.1",
            b'gzip;q=0.5, *;q="0"',
            b"bytes=0-9",
            b'W/"ab", "c"',
            b"Basic X190b2tlbl9fOnd5cF8=",
        ),
    ),
    "metadata": (metadata, (DEMO.core_metadata(),)),
    "wheel": (wheel, (WHEEL.content,)),
    "sdist": (sdist, (SDIST.content,)),
}  # fmt: skip
