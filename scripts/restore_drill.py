"""`make restore-drill`: back up a registry on real servers, wipe them, restore, compare digests.

The steps are those of docs/OPERATIONS.md, by the same commands.
"""

import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from time import monotonic
from typing import Final

import requests
from scripts.demo.story import expect, step, table
from tests.support.distributions import ADistribution, Built
from tests.support.fleet import Fleet, distributions
from tests.support.servers.finding import Machine
from tests.support.servers.postgres import Databases, PostgresServer, find_postgres
from tests.support.servers.redis import RedisServer, find_redis
from tests.support.servers.s3 import MinioServer, find_minio
from tests.support.wheelyard import Wheelyard, start_distributed

_ENVIRONMENT: Final = os.environ  # noqa: TID251  this is the entry point
_SECONDS: Final = 600


class Site:
    """Servers, and the settings by which a registry finds them."""

    def __init__(self, pepper: str, stack: ExitStack) -> None:
        machine = Machine(dict(_ENVIRONMENT), Path(__file__).parent.parent)
        postgres, minio = PostgresServer(find_postgres(machine)), MinioServer(find_minio(machine))
        for server in (postgres, minio):
            stack.callback(server.close)
            server.start()
        redis = find_redis(machine)
        broker, cache = (stack.enter_context(RedisServer(redis)) for _ in range(2))
        database, bucket = Databases(postgres).fresh_database(), minio.fresh_bucket()
        self.database = database.replace("postgresql+psycopg://", "postgresql://")
        self.settings: Mapping[str, str] = {
            "WHEELYARD_DATABASE_URL": self.database,
            "WHEELYARD_BROKER_URL": broker.url,
            "WHEELYARD_CACHE_URL": cache.url,
            "WHEELYARD_S3_ENDPOINT": bucket.endpoint,
            "WHEELYARD_S3_REGION": bucket.region,
            "WHEELYARD_S3_BUCKET": bucket.bucket,
            "WHEELYARD_S3_ACCESS_KEY": bucket.access_key,
            "WHEELYARD_S3_SECRET_KEY": bucket.secret_key,
            "WHEELYARD_TOKEN_PEPPER": pepper,
        }

    def admin(self, *arguments: str) -> str:
        """Run `wheelyard-admin`; return what it prints."""
        return self._run([sys.executable, "-m", "wheelyard_api.admin", *arguments])

    def tool(self, *command: str | Path) -> str:
        """Run one of the database's own tools."""
        return self._run([str(word) for word in command])

    def _run(self, command: list[str]) -> str:
        environment = dict(_ENVIRONMENT) | dict(self.settings)
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        if done.returncode:
            raise SystemExit(f"{' '.join(command[:4])} failed:\n{done.stdout}{done.stderr}")
        return done.stdout


@contextmanager
def running(site: Site, folder: Path) -> Iterator[Wheelyard]:
    """Run the services over a site."""
    wheelyard = start_distributed(folder, site.settings)
    try:
        yield wheelyard
    finally:
        wheelyard.stop()


def publish(wheelyard: Wheelyard, built: list[Built]) -> None:
    """Publish all of them."""
    fleet = Fleet(wheelyard, built)
    with fleet.at_work():
        pass
    expect(len(fleet.answered(201)) == len(built), "an upload was not taken")


def back_up(site: Site, folder: Path, meanwhile: Wheelyard) -> int:
    """Back up: the database first, then the bucket; return the dump's size.

    Something is published in between, which only the bucket has then.
    """
    dump, began = folder / "database.dump", monotonic()
    site.admin("backup", "begin")
    site.tool("pg_dump", "--format=custom", f"--file={dump}", site.database)
    seconds, size = monotonic() - began, dump.stat().st_size
    site.admin("backup", "note", "database", "--seconds", f"{seconds:.1f}", "--bytes", str(size))
    publish(meanwhile, [ADistribution().named("between").wheel()])
    site.admin("backup", "bucket", str(folder / "bucket"))
    return size


def restore(site: Site, folder: Path) -> str:
    """Restore: the database first, then the bucket, read-only; return what was found."""
    site.tool(
        "pg_restore", "--no-owner", "--exit-on-error", f"--dbname={site.database}",
        folder / "database.dump",
    )  # fmt: skip
    site.admin("migrate")
    site.admin("restore", "begin")
    site.admin("restore", "bucket", str(folder / "bucket"))
    found = _lines(site.admin("reconcile", "--read-all"))
    return ", ".join(" ".join(line.split()) for line in found)


def _lines(text: str) -> list[str]:
    return text.partition("\n\n")[0].splitlines()


def refuses_uploads(wheelyard: Wheelyard) -> bool:
    """Tell whether an upload is answered with 503, as everything that changes is."""
    files = {"content": ("x-1.0-py3-none-any.whl", b"x")}
    auth = ("__token__", wheelyard.token)
    answer = requests.post(wheelyard.upload_url, files=files, auth=auth, timeout=20)
    return answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE


def compare(wheelyard: Wheelyard, built: list[Built], folder: Path) -> int:
    """Download every file by pip, which insists on the hashes; return how many there are."""
    wanted, found = folder / "requirements.txt", folder / "downloads"
    lines = [f"{one.name}=={one.version} --hash=sha256:{one.sha256}" for one in built]
    for place in range(0, len(lines), len({one.name for one in built})):
        # Of one name pip takes one version at a time.
        part = lines[place : place + len({one.name for one in built})]
        wanted.write_text("\n".join(part) + "\n")
        subprocess.run(
            [
                *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--isolated"),
                *("--require-hashes", "--no-cache-dir", "--disable-pip-version-check"),
                *("--index-url", f"{wheelyard.index_url()}/", "--dest", str(found)),
                *("--requirement", str(wanted)),
            ],
            check=True,
            timeout=_SECONDS,
        )
    digests = {path.name: sha256(path.read_bytes()).hexdigest() for path in found.iterdir()}
    expect(digests == {one.filename: one.sha256 for one in built}, "a digest is not what it was")
    return len(digests)


def main(count: int) -> None:
    """Run the drill, and print what it took."""
    with tempfile.TemporaryDirectory(prefix="wy-drill-", dir="/tmp") as name:
        drill = Drill(Path(name), distributions("drill", count))
        print(f"Restore drill with {count} files", flush=True)
        with ExitStack() as stack:
            drill.back_up(Site(drill.pepper, stack))
        # The servers and all that they kept are gone.
        with ExitStack() as stack:
            drill.restore(Site(drill.pepper, stack))
        table([("figure", "value"), *drill.figures])


class Drill:
    """Two sites, and what is carried from the first to the second."""

    def __init__(self, folder: Path, built: list[Built]) -> None:
        self.pepper = secrets.token_hex(32)
        self.figures: list[tuple[str, ...]] = []
        self._folder = folder
        self._built = built

    def back_up(self, site: Site) -> None:
        """Publish, and back up."""
        with running(site, self._folder / "yard") as wheelyard:
            with step("publish"):
                publish(wheelyard, self._built)
            with step("back up"):
                began = monotonic()
                size = back_up(site, self._folder, wheelyard)
            self._note("backup", f"{monotonic() - began:.1f} s")
            self._note("dump of the database", f"{size} bytes")

    def restore(self, site: Site) -> None:
        """Restore, compare, and open."""
        began = monotonic()
        with step("restore database and bucket") as told:
            told.tell(restore(site, self._folder))
        with running(site, self._folder / "yard") as wheelyard:
            self._note("restored, until it serves", f"{monotonic() - began:.1f} s")
            expect(refuses_uploads(wheelyard), "it takes uploads before it was compared")
            with step("compare by pip download --require-hashes"):
                compared = compare(wheelyard, self._built, self._folder)
            site.admin("maintenance", "set", "open")
            self._note("restored, until it is open (RTO)", f"{monotonic() - began:.1f} s")
            self._note("files compared, all the same", str(compared))
            with step("publish again"):
                publish(wheelyard, [ADistribution().named("after").wheel()])
            site.admin("backup", "note", "restore-drill")

    def _note(self, name: str, figure: str) -> None:
        self.figures.append((name, figure))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
