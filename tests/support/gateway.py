"""The gateway as deploy/nginx configures it: a real nginx, in a folder of a test's own."""

import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.error import URLError
from urllib.request import urlopen

from tests.support.servers.finding import Machine, Program, Source, find
from tests.support.servers.running import Child, free_port

_CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nginx"
_START_SECONDS = 10.0


def find_nginx(machine: Machine) -> Source:
    """Return where an nginx comes from, or raise Missing."""
    return find("nginx", [machine.program("nginx", Path("/usr/sbin"))])


@dataclass
class Gateway:
    """Use as a context manager. *api* and *indexer* are as GATEWAY_API and GATEWAY_INDEXER."""

    source: Source
    folder: Path
    api: str
    indexer: str
    # What else nginx gets in its http block.
    extra: str = ""
    # What a deployment fills in otherwise.
    filled: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    metrics_port: int = field(default_factory=free_port)
    process: Child | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def metrics_url(self) -> str:
        return f"http://127.0.0.1:{self.metrics_port}"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def __enter__(self) -> Self:
        assert isinstance(self.source, Program)
        main = self._write()
        # As root, nginx would give its folder to somebody who cannot reach a test's.
        user = "user root;" if os.geteuid() == 0 else ""
        command: list[str | Path] = [
            self.source.path,
            "-e",
            "stderr",
            "-c",
            main,
            "-g",
            f"daemon off;{user}",
        ]
        self.process = Child(command, self.folder / "log")
        self._wait(self.process)
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None:
            self.process.stop()

    def _write(self) -> Path:
        settings = {
            "GATEWAY_LISTEN": f"127.0.0.1:{self.port}",
            "GATEWAY_METRICS_LISTEN": f"127.0.0.1:{self.metrics_port}",
            "GATEWAY_API": self.api,
            "GATEWAY_INDEXER": "wheelyard_indexer",
            # The name of an upstream of a test's own is no address.
            "GATEWAY_API_ADDRESS": self.api if ":" in self.api else "127.0.0.1:9",
            "GATEWAY_INDEXER_ADDRESS": self.indexer,
            "GATEWAY_RESOLVER": "127.0.0.1",
            "GATEWAY_TAKES_OVER": "",
            "GATEWAY_BLOBS": "wheelyard_blobs",
            "GATEWAY_BLOBS_ADDRESS": "127.0.0.1:9",
            **self.filled,
        }
        main = self.folder / "main" / "nginx.conf"
        main.parent.mkdir(parents=True)
        # The folder is what /tmp is in a container.
        text = (_CONFIGURATION / "nginx.conf").read_text().replace("/tmp", str(self.folder))
        main.write_text(re.sub("worker_processes [0-9]+", "worker_processes 1", text))
        for template in _CONFIGURATION.glob("*.template"):
            filled = fill(template.read_text(), settings)
            (self.folder / template.name.removesuffix(".template")).write_text(filled)
        (self.folder / "extra.conf").write_text(self.extra)
        return main

    def _wait(self, process: Child) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and process.alive:
            try:
                with urlopen(f"{self.metrics_url}/livez", timeout=1):
                    return
            except (URLError, OSError):
                time.sleep(0.02)
        raise AssertionError(f"nginx does not serve:\n{process.output}")


def fill(template: str, settings: Mapping[str, str]) -> str:
    """Do what the image's entry point does: replace the variables that are set, and no others."""
    for name, value in settings.items():
        template = template.replace(f"${{{name}}}", value)
    return template
