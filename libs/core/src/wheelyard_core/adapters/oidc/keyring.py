"""The keys of one issuer, kept for a while."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from time import monotonic

import structlog

from wheelyard_core.adapters.oidc.signatures import VerificationKey, usable_keys
from wheelyard_core.ports import IssuerUnavailable

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Patience:
    """How long keys are believed, waited for, and not asked for again; in seconds."""

    fresh: float = 600
    wait: float = 5
    after_failure: float = 10
    between_surprises: float = 60


@dataclass(slots=True)
class Keyring:
    """What `ask` gives, a key set as an issuer sends it, and the thread that asks for it.

    Whoever needs keys waits for that thread for some seconds and no longer: no time-out of ours
    reaches into the resolver, or into an issuer that sends its headers letter by letter. There is
    one such thread at a time.
    """

    ask: Callable[[], object]
    patience: Patience
    _keys: Sequence[VerificationKey] = ()
    _asked_at: float | None = None
    _failed_at: float | None = None
    _failure: str = ""
    _surprised_at: float | None = None
    _asking: Event | None = None
    _lock: Lock = field(default_factory=Lock)

    def find(self, name: str | None) -> Sequence[VerificationKey]:
        """Return the keys of this name, all without one. Raises IssuerUnavailable."""
        if not _younger(self._asked_at, self.patience.fresh):
            self._refresh()
        found = self._named(name)
        # Anybody may make up the name of a key, and the issuer shall not be asked for each.
        if found or _younger(self._surprised_at, self.patience.between_surprises):
            return found
        self._refresh()
        self._surprised_at = monotonic()
        return self._named(name)

    def _named(self, name: str | None) -> Sequence[VerificationKey]:
        return [key for key in self._keys if name is None or key.name == name]

    def _refresh(self) -> None:
        with self._lock:
            if _younger(self._failed_at, self.patience.after_failure):
                raise IssuerUnavailable(self._failure)
            answered = self._asking
            if answered is None:
                answered = self._asking = Event()
                Thread(target=self._ask, args=(answered,), daemon=True).start()
        in_time = answered.wait(self.patience.wait)
        with self._lock:
            if not in_time and self._asking is answered:
                self._fail(f"The issuer does not answer within {self.patience.wait:g} seconds")
            if self._failed_at is not None:
                raise IssuerUnavailable(self._failure)

    def _ask(self, answered: Event) -> None:
        keys: Sequence[VerificationKey] = ()
        failure = ""
        try:
            keys = usable_keys(self.ask())
        except IssuerUnavailable as error:
            failure = str(error)
        except Exception:
            log.exception("issuer_not_asked")
            failure = "The issuer could not be asked, and the log says why"
        with self._lock:
            if failure:
                # The keys that were known stay good for as long as they would have been.
                self._fail(failure)
            else:
                self._keys, self._asked_at, self._failed_at = keys, monotonic(), None
            self._asking = None
        answered.set()

    def _fail(self, failure: str) -> None:
        self._failed_at, self._failure = monotonic(), failure


def _younger(moment: float | None, seconds: float) -> bool:
    return moment is not None and monotonic() - moment < seconds
