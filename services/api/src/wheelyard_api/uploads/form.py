"""A multipart form, read as it arrives.

Nothing is kept but the fields: the bytes of the file go to whoever reads the part.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Final, Protocol
from urllib.parse import parse_qs

from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

from wheelyard_core.domain.errors import Broken, InvalidInput, TooLarge
from wheelyard_core.settings import LimitSettings

# Measured: the decoder takes 2 GiB/s in pieces of this size, and a fifth of that in larger ones.
_PIECE: Final = 64 << 10
FILE_PART: Final = "content"


class Input(Protocol):
    """The body of a request."""

    def read(self, n: int, /) -> bytes:
        """Return up to *n* bytes; fewer of them when the client went away or was too slow."""
        ...


@dataclass(frozen=True, slots=True)
class FilePart:
    """The beginning of the file in the form."""

    filename: str


class UploadForm:
    """Reads one form: `to_file`, then `read` until it gives nothing, then `finish`."""

    def __init__(
        self,
        body: Input,
        content_type: str | None,
        limits: LimitSettings,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get("boundary", "")
        if kind.lower() != "multipart/form-data" or not boundary:
            raise InvalidInput(
                "An upload is a form of the type multipart/form-data with a boundary"
            )
        self._body = body
        self._limits = limits
        self._clock = clock
        # When the last byte came: from then on a client waits for its answer.
        self.last_byte_at = clock()
        self._deadline = self.last_byte_at + limits.upload_seconds
        raw_boundary = boundary.encode("latin-1", "replace")
        self._half_an_end = b"--" + raw_boundary + b"-"
        self._last_bytes = b""
        self._decoder = MultipartDecoder(
            raw_boundary,
            max_form_memory_size=limits.form_size + _PIECE,
            max_parts=limits.form_fields,
        )
        self._fields: dict[str, list[str]] = {}
        self._form_size = 0
        self._in_file = False
        self._file: FilePart | None = None

    @property
    def fields(self) -> Mapping[str, list[str]]:
        """The fields read so far, each with all its values."""
        return self._fields

    def to_file(self) -> FilePart | None:
        """Read up to the bytes of the file; None where the form has none."""
        while True:
            event = self._next()
            match event:
                case Epilogue():
                    return None
                case File(name=name, filename=filename) if name == FILE_PART:
                    self._file = FilePart(filename or "")
                    self._in_file = True
                    return self._file
                case _:
                    self._take(event)

    def read(self, n: int) -> bytes:  # noqa: ARG002  a reader's signature; pieces come as they are
        """Return the next bytes of the file, and none at its end."""
        while self._in_file:
            event = self._next()
            if isinstance(event, Data):
                self._in_file = event.more_data
                if event.data:
                    return bytes(event.data)
        return b""

    def finish(self) -> None:
        """Read what comes after the file."""
        while True:
            event = self._next()
            match event:
                case Epilogue():
                    return
                case File(name=name) if name == FILE_PART:
                    raise InvalidInput("The form has two parts named content; send one file a form")
                case _:
                    self._take(event)

    def _take(self, event: Event) -> None:
        """Read a field, or pass over a part that is no field."""
        if isinstance(event, Field):
            value = self._read_part()
            if event.name == FILE_PART:
                raise InvalidInput("The part named content must be a file: it needs a filename")
            self._fields.setdefault(event.name, []).append(value)
        elif isinstance(event, File):
            # gpg_signature and the like.
            self._read_part()

    def _read_part(self) -> str:
        pieces = []
        while True:
            event = self._next()
            if not isinstance(event, Data):
                continue
            self._form_size += len(event.data)
            if self._form_size > self._limits.form_size:
                raise TooLarge(
                    f"The fields of the form take more than {self._limits.form_size} bytes"
                )
            pieces.append(bytes(event.data))
            if not event.more_data:
                return b"".join(pieces).decode("utf-8", "replace")

    def _next(self) -> Event:
        while True:
            try:
                event = self._decoder.next_event()
                if not isinstance(event, NeedData):
                    return event
                self._feed()
            except RequestEntityTooLarge as error:
                raise TooLarge(
                    f"The form has more than {self._limits.form_fields} fields, or larger ones"
                    f" than {self._limits.form_size} bytes"
                ) from error
            except ValueError as error:
                raise Broken("The form is broken or ended in its middle; send it again") from error

    def _feed(self) -> None:
        piece = self._take_piece()
        # Of a piece that ends between the last two hyphens of a form, Werkzeug's decoder gives the
        # line break before them to the file (pallets/werkzeug#3285): that one is fed with the next.
        while (self._last_bytes + piece).endswith(self._half_an_end):
            more = self._take_piece()
            if not more:
                break
            piece += more
        self._last_bytes = (self._last_bytes + piece)[-len(self._half_an_end) :]
        # None tells the decoder that nothing more comes; it then refuses a form without an end.
        self._decoder.receive_data(piece or None)

    def _take_piece(self) -> bytes:
        try:
            piece = _read(self._body, _PIECE)
        finally:
            # The server reads no more of who is late (`reading.give`): that is said first.
            now = self._check_time()
        if piece:
            self.last_byte_at = now
        return piece

    def _check_time(self) -> float:
        now = self._clock()
        if now > self._deadline:
            raise Broken(f"The upload took longer than {self._limits.upload_seconds:.0f} s")
        return now


def read_urlencoded(body: Input, limits: LimitSettings) -> Mapping[str, list[str]]:
    """Return the fields of a form that cannot have a file. Raises TooLarge, Broken.

    Werkzeug would read such a body whole, whatever its size.
    """
    content = _read(body, limits.form_size + 1)
    if len(content) > limits.form_size:
        raise TooLarge(f"The fields of the form take more than {limits.form_size} bytes")
    try:
        return parse_qs(
            content.decode("utf-8", "replace"),
            keep_blank_values=True,
            max_num_fields=limits.form_fields,
        )
    except ValueError as error:
        raise TooLarge(f"The form has more than {limits.form_fields} fields") from error


def _read(body: Input, size: int) -> bytes:
    try:
        return body.read(size)
    except (OSError, ValueError, ClientDisconnected) as error:
        raise Broken("The connection broke in the middle of the upload; send it again") from error


class FileTooLarge(TooLarge):
    """The file has more bytes than one may."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"The file is larger than {limit} bytes, the most this registry takes")
