"""minio-py, held the way a server needs it: bounded waits, one client for each process."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Self, cast
from urllib.parse import urlsplit

from minio import Minio
from minio.datatypes import Part
from minio.error import InvalidResponseError
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, Retry, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection

_SLICE = 256 * 1024
_SLICE_SECONDS = 30
_CONTENT_TYPE = "application/octet-stream"


@dataclass(frozen=True)
class Patience:
    """How long a silent server is waited for: seconds of each attempt, and attempts after it."""

    connect: float = 3
    read: float = 30
    retries: int = 3

    def retry(self) -> Retry:
        """Return the rules of urllib3.

        Parts are sent from memory, so every request can be repeated. Only POST is not, unless it
        never arrived: beginning or completing an upload twice would not be the same as once.
        """
        return Retry(
            total=self.retries,
            # One silent wait more, not three: a frozen server would hold a thread for minutes.
            read=min(self.retries, 1),
            backoff_factor=0.2,
            status_forcelist=[500, 502, 503, 504],
            # The server may ask for hours.
            respect_retry_after_header=False,
        )


@dataclass(frozen=True)
class Place:
    """A server, and how to be let in."""

    host: str
    secure: bool
    region: str
    access_key: str
    secret_key: str = field(repr=False)
    path_style: bool
    ca_file: Path | None

    @classmethod
    def parse(
        cls,
        endpoint: str,
        *,
        region: str,
        access_key: str,
        secret_key: str,
        path_style: bool,
        ca_file: Path | None,
    ) -> Self:
        """Read the address, or raise ValueError."""
        url = urlsplit(endpoint)
        tail = url.path.strip("/") + url.query + url.fragment
        if url.scheme not in {"http", "https"} or not url.hostname or tail or "@" in url.netloc:
            raise ValueError(
                f"The S3 endpoint {endpoint!r} is not of the form http(s)://host:port."
            )
        return cls(
            host=url.netloc,
            secure=url.scheme == "https",
            region=region,
            access_key=access_key,
            secret_key=secret_key,
            path_style=path_style,
            ca_file=ca_file,
        )


class Client(Minio):
    """A Minio client that can drive a multipart upload itself.

    Uses minio-py's protected methods, which `put_object` is made of. That one keeps three to four
    parts in memory, joins small reads in quadratic time, and lets an abort that fails hide the
    exception that caused it. The locked version and the contract tests hold these methods still.
    """

    @classmethod
    def connecting(cls, place: Place, patience: Patience, connections: int) -> Self:
        """Make a client; it connects when first used."""
        client = cls(
            place.host,
            access_key=place.access_key,
            secret_key=place.secret_key,
            secure=place.secure,
            region=place.region,  # else minio-py asks for it before anything else
            http_client=_pool(place.ca_file, patience, connections),
        )
        client._base_url.virtual_style_flag = not place.path_style  # our own base
        return client

    def put(self, bucket: str, name: str, content: bytearray) -> None:
        """Store an object in one request."""
        self._put_object(bucket, name, _as_bytes(content), {"Content-Type": _CONTENT_TYPE})

    def begin(self, bucket: str, name: str) -> str:
        """Begin a multipart upload and return its id."""
        return self._create_multipart_upload(bucket, name, {"Content-Type": _CONTENT_TYPE})

    def put_part(self, bucket: str, name: str, upload: str, number: int, part: bytearray) -> Part:
        """Send one part; again is safe."""
        tag = self._upload_part(bucket, name, _as_bytes(part), None, upload, number)
        return Part(number, tag)

    def complete(self, bucket: str, name: str, upload: str, parts: list[Part]) -> None:
        """Make the parts an object."""
        result = self._complete_multipart_upload(bucket, name, upload, parts)
        if not result.etag:
            # S3 may answer 200 first and an error in the body afterwards.
            raise InvalidResponseError(200, "application/xml", "the upload was not completed")

    def abort(self, bucket: str, name: str, upload: str) -> None:
        """Forget an unfinished upload and its parts."""
        self._abort_multipart_upload(bucket, name, upload)

    def unfinished(self, bucket: str, name: str) -> list[str]:
        """Return the ids of the unfinished uploads of exactly this object (up to a thousand)."""
        # MinIO lists the uploads of a whole object name only; others take it for a prefix.
        found = self._list_multipart_uploads(bucket, prefix=name).uploads
        return [str(upload.upload_id) for upload in found if upload.object_name == name]

    def close(self) -> None:
        """Close the idle connections."""
        self._http.clear()


class PerProcess:
    """Makes a client when first asked in a process: connections do not survive a fork."""

    def __init__(self, make: Callable[[], Client]) -> None:
        self._make = make
        self._lock = Lock()
        self._made: tuple[int, Client] | None = None

    @property
    def here(self) -> Client:
        """The client of this process."""
        made = self._made
        if made is not None and made[0] == os.getpid():
            return made[1]
        with self._lock:
            if self._made is None or self._made[0] != os.getpid():
                self._made = (os.getpid(), self._make())
            return self._made[1]

    def close(self) -> None:
        """Close the connections that this process made."""
        made = self._made
        if made is not None and made[0] == os.getpid():
            made[1].close()


class _SlicedSending:
    """Sends a body in slices, each with the time-out of its own.

    `socket.sendall` takes its time-out for the whole of what it is given, and urllib3 leaves the
    one for connecting in force: 16 MiB in 3 s, or no put at all over a slower line.
    """

    def send(self, data: Any) -> None:
        sock = getattr(self, "sock", None)
        if sock is not None:
            sock.settimeout(_SLICE_SECONDS)
        if not isinstance(data, bytes | bytearray):
            super().send(data)  # type: ignore[misc]  # mixed into http.client's connections
            return
        with memoryview(data) as view:
            for start in range(0, len(view), _SLICE):
                super().send(view[start : start + _SLICE])  # type: ignore[misc]  # as above


class _Connection(_SlicedSending, HTTPConnection):
    pass


class _SecureConnection(_SlicedSending, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


def _pool(ca_file: Path | None, patience: Patience, connections: int) -> PoolManager:
    pool = PoolManager(
        timeout=Timeout(connect=patience.connect, read=patience.read),
        retries=patience.retry(),
        maxsize=connections,
        cert_reqs="CERT_REQUIRED",
        ca_certs=str(ca_file) if ca_file else None,  # None: those that this machine trusts
    )
    pool.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
    return pool


def _as_bytes(content: bytearray) -> bytes:
    # minio-py hashes it and urllib3 sends it, which takes any buffer: no copy of 16 MiB.
    return cast("bytes", content)
