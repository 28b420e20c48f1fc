"""MinIO and versitygw: two S3 servers, so that what we rely on is not one server's habit."""

import http.client
import uuid
from abc import abstractmethod
from urllib.parse import unquote, urlsplit

from minio import Minio
from tests.support.servers.finding import Address, Image, Machine, Source, find
from tests.support.servers.running import Child, Container, Running
from tests.support.servers.server import Server

from wheelyard_core.adapters.blobs.s3 import S3BlobStore
from wheelyard_core.adapters.blobs.s3_settings import S3Settings

_USER = "wheelyard"
_PASSWORD = "wheelyard-test"
_REGION = "us-east-1"


def find_minio(machine: Machine) -> Source:
    """Return where a MinIO comes from, or raise Missing."""
    ways = (
        machine.address("WHEELYARD_TEST_S3_URL"),
        machine.program("minio", *machine.go_folders),
        machine.image("minio/minio"),
        machine.build("minio"),
    )
    return find("MinIO", ways)


def find_versitygw(machine: Machine) -> Source:
    """Return where a versitygw comes from, or raise Missing."""
    ways = (
        machine.address("WHEELYARD_TEST_VERSITYGW_URL"),
        machine.program("versitygw", *machine.go_folders),
        machine.image("versity/versitygw"),
        machine.build("versitygw"),
    )
    return find("versitygw", ways)


class S3Server(Server):
    """An S3 server. Addresses are `http://user:password@host:port`."""

    inside = 9000

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        (self._folder / "data").mkdir()

    @property
    def url(self) -> str:
        """The address with user and password."""
        if isinstance(self._source, Address):
            return self._source.url
        return f"http://{_USER}:{_PASSWORD}@127.0.0.1:{self._port}"

    def fresh_bucket(self) -> S3Settings:
        """Return the settings of a new, empty bucket."""
        url = urlsplit(self.url)
        settings = S3Settings(
            endpoint=f"{url.scheme}://{url.netloc.rpartition('@')[2]}",
            region=_REGION,
            bucket=f"test-{uuid.uuid4().hex}",
            access_key=unquote(url.username or ""),
            secret_key=unquote(url.password or ""),
        )
        store = S3BlobStore(settings)
        store.create_bucket()
        store.close()
        return settings

    def drop_bucket(self, settings: S3Settings) -> None:
        """Remove a bucket where it would outlive us; our own server's folder goes as a whole."""
        if not isinstance(self._source, Address):
            return
        store = S3BlobStore(settings)
        for key in list(store.keys("")):
            store.delete(key)
        store.close()
        url = urlsplit(settings.endpoint)
        client = Minio(
            url.netloc,
            access_key=settings.access_key,
            secret_key=settings.secret_key,
            secure=url.scheme == "https",
            region=settings.region,
        )
        client.remove_bucket(settings.bucket)

    @abstractmethod
    def command(self, data: str, address: str) -> list[str]:
        """Return its arguments to serve the folder *data* at *address*."""

    @abstractmethod
    def env(self) -> dict[str, str]:
        """Return what it reads from its environment."""

    def _launch(self) -> Running:
        if isinstance(self._source, Image):
            arguments = self.command("/tmp", f":{self.inside}")
            return Container(self._source, (self._port, self.inside), arguments, self.env())
        program = str(getattr(self._source, "path", ""))
        arguments = self.command(str(self._folder / "data"), f"127.0.0.1:{self._port}")
        return Child([program, *arguments], self._folder / "log", env=self.env())

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=2)
        try:
            connection.request("GET", "/minio/health/ready")
            # versitygw knows no such page, and refuses it once it serves.
            return connection.getresponse().status < http.client.INTERNAL_SERVER_ERROR
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


class MinioServer(S3Server):
    """MinIO on one folder."""

    name = "MinIO"

    def command(self, data: str, address: str) -> list[str]:
        return ["server", "--quiet", "--address", address, data]

    def env(self) -> dict[str, str]:
        return {
            "HOME": str(self._folder),
            "MINIO_ROOT_USER": _USER,
            "MINIO_ROOT_PASSWORD": _PASSWORD,
            "MINIO_BROWSER": "off",
        }


class VersitygwServer(S3Server):
    """The Versity gateway on one folder."""

    name = "versitygw"
    inside = 7070

    def command(self, data: str, address: str) -> list[str]:
        # As any other server does: by itself it closes the connection after each answer.
        return ["--quiet", "--keep-alive", "--port", address, "posix", data]

    def env(self) -> dict[str, str]:
        return {
            "HOME": str(self._folder),
            "ROOT_ACCESS_KEY": _USER,
            "ROOT_SECRET_KEY": _PASSWORD,
        }


class Buckets:
    """What a test holds: fresh buckets, removed when it ends where they would outlive it."""

    def __init__(self, server: S3Server) -> None:
        self.server = server
        self._made: list[S3Settings] = []

    def fresh_bucket(self) -> S3Settings:
        """Return the settings of a new, empty bucket."""
        self._made.append(self.server.fresh_bucket())
        return self._made[-1]

    def drop_all(self) -> None:
        """Remove what was made."""
        while self._made:
            self.server.drop_bucket(self._made.pop())
