"""What all servers of the tests can do: start, stop, crash, freeze, and go with their folder."""

import shutil
import tempfile
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Self

from tests.support.servers.finding import Address, Source
from tests.support.servers.running import Running, free_port, started


class Server(ABC):
    """A server on a port of 127.0.0.1; its address and its folder stay the same over restarts."""

    name: str

    def __init__(self, source: Source) -> None:
        self._source = source
        # Not below pytest's own folder: that one is closed to other accounts.
        self._folder = Path(tempfile.mkdtemp(prefix=f"wheelyard-{self.name.lower()}-"))
        self._port = 0 if isinstance(source, Address) else free_port()
        self._running: Running | None = None

    def start(self) -> Self:
        """Start it and wait until it answers; nothing if it runs, or is someone else's."""
        ours = not isinstance(self._source, Address)
        if ours and (self._running is None or not self._running.alive):
            self._running = started(self._launch, self._answers, self.name)
        return self

    def stop(self) -> None:
        """Stop it in good order."""
        self._ours().stop()

    def kill(self) -> None:
        """Let it crash."""
        self._ours().kill()

    def freeze(self) -> None:
        """Let it keep its connections and answer nothing."""
        self._ours().freeze()

    def thaw(self) -> None:
        """Let it go on after `freeze`."""
        self._ours().thaw()

    def close(self) -> None:
        """Stop it and remove its data."""
        if self._running is not None:
            self._running.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    @abstractmethod
    def _launch(self) -> Running: ...

    @abstractmethod
    def _answers(self) -> bool: ...

    def _ours(self) -> Running:
        if self._running is None:
            raise ValueError(f"This {self.name} was not started here.")
        return self._running
