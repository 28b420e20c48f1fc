"""Steps in which a data store is away for half a minute, or its password changes."""

import json
import time
from secrets import token_hex

from tests.cluster.kube import NOT_YET, Object, wait_until
from tests.cluster.report import Outcome, Skipped
from tests.cluster.yard import MINE, Yard, component, name

AWAY_SECONDS = 30.0
STORES = ("postgresql", "broker", "cache", "object-storage")


def outage(store: str, yard: Yard) -> Outcome:
    """Stop a store for half a minute: pages are read on, no probe restarts anything, all heals."""
    workload = _workload(yard, store)
    before = yard.restarts()
    page = next(iter({package for package, _ in yard.acknowledged.values()}))
    yard.door.page(page)
    _scale(yard, workload, 0)
    outcome = _read_for(yard, page, AWAY_SECONDS)
    began = time.monotonic()
    _scale(yard, workload, 1)
    yard.works(120)
    outcome.say(f"published and installed {time.monotonic() - began:.0f} s after its start")
    outcome.finds(yard, 120)
    outcome.failures += _started_again(before, yard.restarts())
    yard.wait_until_ready()
    return outcome


def secret(yard: Yard) -> Outcome:
    """Change the database's password: no pod starts again, and each connects with the new one."""
    new = token_hex(16)
    before = yard.restarts()
    (kept,) = [one for one in yard.cluster.all("secrets", MINE) if component(one) == "dev"]
    patch = json.dumps({"stringData": {"database-password": new}})
    yard.cluster.kubectl("patch", "secret", name(kept), "--patch", patch)

    def arrived() -> bool:
        said = [_password_of(yard, pod) for pod in yard.pods() if component(pod) != "gateway"]
        return set(said) == {new}

    began = time.monotonic()
    wait_until("every pod has the new password", arrived, 240, pause=2)
    outcome = Outcome().say(f"in every pod after {time.monotonic() - began:.0f} s")
    (database,) = yard.pods("dev-postgresql")
    # Whoever is connected stays so; ending those makes each connect again.
    change = f"ALTER ROLE wheelyard PASSWORD '{new}'"
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    psql = ("exec", name(database), "--", "psql", "-U", "wheelyard", "-d", "wheelyard", "-c")
    yard.cluster.kubectl(*psql, change)
    yard.cluster.kubectl(*psql, end)
    yard.works()
    after = yard.restarts()
    outcome.failures += [f"{one} is new" for one in after.keys() - before.keys()]
    outcome.failures += _started_again(before, after)
    return outcome.finds(yard)


def _started_again(before: dict[str, int], after: dict[str, int]) -> list[str]:
    more = [one for one, times in after.items() if times > before.get(one, 0)]
    return [f"{one} was started again" for one in more]


def _password_of(yard: Yard, pod: Object) -> str:
    file = "/run/wheelyard/secrets/database-password"
    return yard.cluster.kubectl("exec", name(pod), "--", "cat", file).strip()


def _read_for(yard: Yard, package: str, seconds: float) -> Outcome:
    outcome, slowest = Outcome(), 0.0
    until = time.monotonic() + seconds
    while (began := time.monotonic()) < until:
        outcome.requests += 1
        try:
            yard.door.page(package)
        except NOT_YET as error:
            outcome.failures.append(repr(error))
        slowest = max(slowest, time.monotonic() - began)
        time.sleep(0.2)
    return outcome.say(f"the slowest read while it was away took {slowest:.2f} s")


def _workload(yard: Yard, store: str) -> str:
    found = yard.cluster.all("statefulsets,deployments", MINE)
    names = [
        f"{one['kind'].lower()}/{name(one)}" for one in found if component(one) == f"dev-{store}"
    ]
    if not names:
        raise Skipped(f"the release has no {store} of its own")
    return names[0]


def _scale(yard: Yard, workload: str, replicas: int) -> None:
    yard.cluster.kubectl("scale", workload, f"--replicas={replicas}")
    if replicas:
        return
    pods = f"{workload.partition('/')[2]}-"

    def gone() -> bool:
        return not any(name(pod).startswith(pods) for pod in yard.cluster.all("pods", MINE))

    wait_until(f"{workload} is away", gone, 60)
