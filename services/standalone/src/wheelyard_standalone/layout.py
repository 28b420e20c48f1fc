"""Where everything is in the data folder, and the settings that follow from it."""

import fcntl
import os
import re
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wheelyard_core.adapters.secret_file import write_secret

# The kernel takes no longer path for a Unix socket, and neither client quotes one in an address.
_SOCKET_PATH: Final = 107
_PLAIN: Final = re.compile(r"[\w./-]+")


@dataclass(frozen=True, slots=True)
class Layout:
    """A data folder and the port it is served on."""

    data: Path
    port: int
    sockets: Path

    @classmethod
    def of(cls, data: Path, port: int) -> "Layout":
        """Make the folder, for its owner only, and one for the socket if its path cannot have it.

        Raises OSError.
        """
        data = data.absolute()
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in ("blobs", "redis", "spool", "metrics"):
            (data / name).mkdir(exist_ok=True)
        sockets = data / "redis"
        path = str(sockets / "redis.sock")
        if len(os.fsencode(path)) > _SOCKET_PATH or not _PLAIN.fullmatch(path):
            # mkdtemp makes a folder that nobody else may enter; $TMPDIR may be long, too.
            sockets = Path(tempfile.mkdtemp(prefix="wheelyard-", dir="/tmp"))
        return cls(data, port, sockets)

    def close(self) -> None:
        """Remove what was made outside the folder."""
        if self.sockets.parent != self.data:
            self.redis_socket.unlink(missing_ok=True)
            self.sockets.rmdir()

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
        return self.sockets / "redis.sock"

    @property
    def redis_log(self) -> Path:
        """What Redis has to say."""
        return self.data / "redis" / "redis.log"

    def lock(self) -> bool:
        """Lock the folder until this process and its forks have ended; False if another has it."""
        descriptor = os.open(self.data / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        return True

    def pepper(self) -> Path:
        """Return the file with the keys of the tokens' digests, made at the first start."""
        file = self.data / "pepper"
        if not file.exists():
            write_secret(file, secrets.token_hex(32))
        return file

    def environment(self) -> dict[str, str]:
        """Return the settings of the embedded services."""
        return {
            "WHEELYARD_DATABASE_URL": f"sqlite:///{self.data}/wheelyard.db",
            "WHEELYARD_BLOBS_DIRECTORY": str(self.data / "blobs"),
            "WHEELYARD_BROKER_URL": f"redis+socket://{self.redis_socket}?virtual_host=0",
            "WHEELYARD_CACHE_URL": f"unix://{self.redis_socket}?db=1",
            "WHEELYARD_SPOOL_DIRECTORY": str(self.data / "spool"),
            "WHEELYARD_PUBLIC_URL": self.url,
            "WHEELYARD_LISTEN": f"127.0.0.1:{self.port}",
            "WHEELYARD_METRICS_LISTEN": "127.0.0.1:0",
            # Uploads that wait for their verdict hold a thread, and pages must not wait for them.
            "WHEELYARD_THREADS": "40",
            "WHEELYARD_TOKEN_PEPPER_FILE": str(self.pepper()),
        }
