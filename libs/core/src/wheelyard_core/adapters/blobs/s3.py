"""Blobs in MinIO, AWS S3 or another store of that interface.

Nothing here needs versioning, tagging, bucket policies or conditional writes. A blob of one part
is one request. A larger one is a multipart upload of equal parts, sent one after the other out of
one buffer, so the memory of a put is one part whatever the size, and a part can be sent again.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from urllib.parse import quote
from xml.etree.ElementTree import ParseError

from minio.error import MinioException, S3Error
from minio.helpers import check_bucket_name
from urllib3.exceptions import HTTPError

from wheelyard_core.adapters.blobs.keys import checked_key
from wheelyard_core.adapters.blobs.s3_client import Client, Patience, PerProcess, Place
from wheelyard_core.adapters.blobs.s3_reader import ResponseReader, reader_of
from wheelyard_core.adapters.blobs.s3_settings import S3Settings
from wheelyard_core.ports import BinaryReader, BlobNotFound, StorageUnavailable

PART = 16 * 1024 * 1024
_PIECE = 256 * 1024
# For what somebody waits for who has waited already, or will ask again.
_PROBE = Patience(connect=2, read=3, retries=0)


class S3BlobStore:
    """A BlobStore in one bucket."""

    def __init__(
        self, settings: S3Settings, patience: Patience | None = None, connections: int = 16
    ) -> None:
        check_bucket_name(settings.bucket, strict=True)
        self.settings = settings
        self._bucket = settings.bucket
        self._prefix = settings.prefix.strip("/") + "/" if settings.prefix.strip("/") else ""
        inside = self._place(settings.endpoint)
        outside = self._place(settings.public_endpoint or settings.endpoint)
        patient = patience or Patience()
        self._clients = PerProcess(lambda: Client.connecting(inside, patient, connections))
        self._probes = PerProcess(lambda: Client.connecting(inside, _PROBE, 1))
        # Signs and never connects: the host name is part of what is signed.
        self._signers = PerProcess(lambda: Client.connecting(outside, _PROBE, 1))

    def put(self, key: str, content: BinaryReader, size: int | None) -> None:
        """Send one part whole, or several as a multipart upload that is aborted on any failure."""
        name = self._name(key)
        parts = _in_parts(key, content, size)
        part, is_last = next(parts)
        if not is_last:
            self._put_in_parts(name, part, parts)
            return
        with self._outages(key):
            self._clients.here.put(self._bucket, name, part)

    def open(self, key: str, start: int = 0, length: int | None = None) -> ResponseReader:
        """Ask for the range; the reader holds a connection until it is closed or at its end."""
        name = self._name(key)
        if start < 0 or (length is not None and length < 0):
            raise ValueError("A range has no negative numbers.")
        if length == 0:
            return ResponseReader(None, self.size(key), 0)
        try:
            with self._outages(key):
                response = self._clients.here.get_object(
                    self._bucket, name, offset=start, length=length or 0
                )
        except StorageUnavailable as error:
            # S3 has no empty range: one past the end is refused.
            if isinstance(error.__cause__, S3Error) and error.__cause__.code == "InvalidRange":
                return ResponseReader(None, self.size(key), 0)
            raise
        return reader_of(response, whole=not start and length is None)

    def size(self, key: str) -> int:
        """Return the size that a HEAD answers."""
        name = self._name(key)
        try:
            with self._outages(key):
                return self._clients.here.stat_object(self._bucket, name).size or 0
        except BlobNotFound:
            # The answer to a HEAD has no body, so a missing bucket looks like a missing blob.
            self._require_bucket()
            raise

    def delete(self, key: str) -> None:
        """Abort the unfinished uploads of the key, then remove it."""
        name = self._name(key)
        with self._outages(key):
            for upload in self._clients.here.unfinished(self._bucket, name):
                self._clients.here.abort(self._bucket, name, upload)
            self._clients.here.remove_object(self._bucket, name)

    def keys(self, prefix: str) -> Iterator[str]:
        """List, a thousand at a time."""
        listing = self._clients.here.list_objects(
            self._bucket, prefix=self._prefix + prefix, recursive=True
        )
        with self._outages(prefix):
            for found in listing:
                yield str(found.object_name).removeprefix(self._prefix)

    def presigned_url(self, key: str, filename: str | None, seconds: int) -> str | None:
        """Sign for the public address, or without a *filename* for the one that we use."""
        name, life = self._name(key), timedelta(seconds=seconds)
        if filename is None:
            return self._clients.here.presigned_get_object(self._bucket, name, expires=life)
        return self._signers.here.presigned_get_object(
            self._bucket,
            name,
            expires=life,
            response_headers={"response-content-disposition": _attachment(filename)},
        )

    def check(self) -> None:
        """Begin an upload and abort it: needs all that a put needs, and leaves nothing.

        Once and with short time-outs, because a readiness probe is waiting.
        """
        name = f"{self._prefix}.check"
        with self._outages(name):
            upload = self._probes.here.begin(self._bucket, name)
            self._probes.here.abort(self._bucket, name, upload)

    def create_bucket(self) -> None:
        """Make the bucket unless it is there; for a first start, not for production stores."""
        with self._outages(self._bucket):
            if self._clients.here.bucket_exists(self._bucket):
                return
            try:
                self._clients.here.make_bucket(self._bucket, self.settings.region)
            except S3Error as error:
                if error.code != "BucketAlreadyOwnedByYou":
                    raise

    def close(self) -> None:
        """Close the idle connections of this process."""
        for clients in (self._clients, self._probes, self._signers):
            clients.close()

    def _put_in_parts(
        self, name: str, part: bytearray, rest: Iterator[tuple[bytearray, bool]]
    ) -> None:
        client = self._clients.here
        with self._outages(name):
            upload = client.begin(self._bucket, name)
        try:
            with self._outages(name):
                tags = [client.put_part(self._bucket, name, upload, 1, part)]
            # The next part is read outside of the translation: what the reader raises is its own.
            for number, (following, _) in enumerate(rest, 2):
                with self._outages(name):
                    tags.append(client.put_part(self._bucket, name, upload, number, following))
            with self._outages(name):
                client.complete(self._bucket, name, upload, tags)
        except BaseException:
            # Asked once and soon, for it may be the store that failed. One that does not answer
            # keeps the parts until delete() of this key.
            with suppress(StorageUnavailable, BlobNotFound), self._outages(name):
                self._probes.here.abort(self._bucket, name, upload)
            raise

    def _name(self, key: str) -> str:
        return self._prefix + checked_key(key)

    def _require_bucket(self) -> None:
        with self._outages(self._bucket):
            if self._clients.here.bucket_exists(self._bucket):
                return
        raise StorageUnavailable(f"There is no bucket {self._bucket}.")

    def _place(self, endpoint: str) -> Place:
        chosen = self.settings
        return Place.parse(
            endpoint,
            region=chosen.region,
            access_key=chosen.access_key,
            secret_key=chosen.secret_key,
            path_style=chosen.path_style,
            ca_file=chosen.ca_file,
        )

    @contextmanager
    def _outages(self, key: str) -> Iterator[None]:
        try:
            yield
        except S3Error as error:
            if error.code == "NoSuchKey":
                raise BlobNotFound(f"There is no blob {key}.") from error
            raise self._unavailable(f"{error.code}: {error.message}") from error
        except (MinioException, HTTPError, OSError, ParseError) as error:
            raise self._unavailable(str(error)) from error

    def _unavailable(self, why: str) -> StorageUnavailable:
        where = f"{self._bucket} at {self.settings.endpoint}"
        return StorageUnavailable(f"The object store failed ({where}): {why}")


def _in_parts(
    key: str, content: BinaryReader, size: int | None
) -> Iterator[tuple[bytearray, bool]]:
    """Yield parts, each with whether it is the last; all in one buffer, so use each at once.

    All parts but the last are of one size, which some stores require.
    """
    part = bytearray()
    received = 0
    while piece := content.read(_PIECE):
        received += len(piece)
        room = PART - len(part)
        part += piece[:room]
        if len(piece) > room:
            yield part, False
            part[:] = piece[room:]
    if size not in (None, received):
        raise ValueError(f"The content of {key} has {received} bytes, not {size}.")
    yield part, True


def _attachment(filename: str) -> str:
    plain = filename.encode("ascii", "replace").decode().replace("\\", "_").replace('"', "_")
    disposition = f'attachment; filename="{plain}"'
    if plain != filename:
        disposition += f"; filename*=UTF-8''{quote(filename, safe='')}"
    return disposition
