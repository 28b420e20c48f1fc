"""Where everything is in the data folder, and the settings that follow from it."""

import fcntl
import os
import secrets
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Layout:
    """A data folder and the port it is served on."""

    data: Path
    port: int

    @property
    def url(self) -> str:
        """The address that is served."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def credentials(self) -> Path:
        """The file with the secrets of the first run."""
        return self.data / "credentials.env"

    @property
    def redis_socket(self) -> Path:
        """The private Redis."""
        return self.data / "redis" / "redis.sock"

    def make(self) -> None:
        """Make the folder, for its owner only."""
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in ("blobs", "redis", "spool", "metrics"):
            (self.data / name).mkdir(exist_ok=True)

    def lock(self) -> bool:
        """Keep the folder for this process until it ends; False when another one has it."""
        descriptor = os.open(self.data / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        return True

    def pepper(self) -> str:
        """Return the key of the tokens' digests, made at the first start."""
        file = self.data / "pepper"
        if not file.exists():
            write_secret(file, secrets.token_hex(32))
        return file.read_text(encoding="ascii")

    def environment(self) -> dict[str, str]:
        """Return the settings of the embedded services."""
        socket = self.redis_socket.absolute()
        return {
            "WHEELYARD_DATABASE_URL": f"sqlite:///{self.data.absolute()}/wheelyard.db",
            "WHEELYARD_BLOBS_DIRECTORY": str(self.data.absolute() / "blobs"),
            "WHEELYARD_BROKER_URL": f"redis+socket://{socket}?virtual_host=0",
            "WHEELYARD_CACHE_URL": f"unix://{socket}?db=1",
            "WHEELYARD_SPOOL_DIRECTORY": str(self.data.absolute() / "spool"),
            "WHEELYARD_PUBLIC_URL": self.url,
            "WHEELYARD_LISTEN": f"127.0.0.1:{self.port}",
            "WHEELYARD_METRICS_LISTEN": "127.0.0.1:0",
            # Uploads that wait for their verdict hold a thread, and pages must not wait for them.
            "WHEELYARD_THREADS": "40",
            "WHEELYARD_TOKEN_PEPPER": self.pepper(),
        }


def write_secret(file: Path, content: str) -> None:
    """Write a file that only its owner may read, from its first byte on."""
    new = file.with_name(f".{file.name}.new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(content, encoding="utf-8")
    new.replace(file)
