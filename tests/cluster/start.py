"""The first steps: a registry from nothing, its own test, and real clients from outside."""

import random
import time
from contextlib import suppress

from tests.cluster.kube import DidNotHappen
from tests.cluster.load import Door, install_with_pip, publish_with_twine
from tests.cluster.report import Outcome
from tests.cluster.yard import MINE, RELEASE, Yard, component, seconds_to_ready
from tests.support.distributions import ADistribution

_READY_AFTER_INSTALL, _READY_AFTER_START = 90.0, 5.0
_DOOR = "from-outside"
_MEBIBYTES = 300


def install(yard: Yard) -> Outcome:
    """Install the chart into an empty namespace that is held to `restricted`."""
    _empty_namespace(yard)
    began = time.monotonic()
    yard.put("install")
    yard.wait_until_ready(seconds=300)
    outcome = Outcome().hold("ready", time.monotonic() - began, _READY_AFTER_INSTALL)
    yard.door = open_door(yard)
    yard.works()
    return outcome.say(f"{len(yard.pods())} pods; published and installed from outside")


def ready(yard: Yard) -> Outcome:
    """Look how long a pod of each component takes from its start until it is ready."""
    outcome = Outcome()
    for part in sorted({component(pod) for pod in yard.pods()}):
        pods = yard.pods(part)
        yard.cluster.kubectl("delete", "pod", pods[0]["metadata"]["name"], "--wait=true")
        yard.wait_until_ready()
        slowest = max(seconds_to_ready(pod) for pod in yard.pods(part))
        outcome.hold(f"{part} ready after its start", slowest, _READY_AFTER_START)
    return outcome


def helm_test(yard: Yard) -> Outcome:
    """Run the chart's own test."""
    said = yard.cluster.helm("test", RELEASE, "--timeout", "180s")
    return Outcome().say(" ".join(said.split("\n")[-2:]))


def clients(yard: Yard) -> Outcome:
    """Publish with twine and uv, install with pip and uv."""
    person, door = yard.person, yard.door
    first = publish_with_twine(door, person, "real", yard.acknowledged)
    second = publish_with_twine(door, person, "real", yard.acknowledged)
    # The same bytes again are a success; that is uv's way to publish what is there.
    person.uv(
        "publish", "--publish-url", door.uploads, "-u", "__token__", "-p", door.token, second
    ).succeeded()
    install_with_pip(door, person, "real", first.name.split("-")[1])
    host = door.url.removeprefix("http://")
    environment = person.environment()
    environment.uv_pip(
        "install", "--index-url", door.index, "--allow-insecure-host", host,
        f"real=={second.name.split('-')[1]}",
    ).succeeded()  # fmt: skip
    return Outcome(client_runs=5).finds(yard)


def large(yard: Yard) -> Outcome:
    """Send a wheel of hundreds of megabytes through the gateway, and fetch it again."""
    # What cannot be compressed: a verdict reads all of it.
    payload = b"".join(random.Random(1).randbytes(2**20) for _ in range(_MEBIBYTES))
    built = ADistribution().named("large").with_payload(payload).wheel()
    file = yard.person.home / built.filename
    file.write_bytes(built.content)
    door, before = yard.door, yard.restarts()
    login = {"TWINE_USERNAME": "__token__", "TWINE_PASSWORD": door.token}
    began = time.monotonic()
    upload = ("upload", "--repository-url", door.uploads, file)
    yard.person.twine(*upload, env=login).succeeded()
    yard.acknowledged[built.filename] = ("large", built.sha256)
    outcome = Outcome(client_runs=1).say(
        f"{built.size // 2**20} MiB published in {time.monotonic() - began:.1f} s"
    )
    began = time.monotonic()
    outcome.finds(yard)
    outcome.say(f"found with everything else in {time.monotonic() - began:.1f} s")
    restarted = yard.restarts().items() - before.items()
    outcome.failures += [f"{one} was started again" for one, _ in sorted(restarted)]
    return outcome


def _empty_namespace(yard: Yard) -> None:
    space = yard.cluster.namespace
    with suppress(DidNotHappen):
        yard.cluster.kubectl("delete", "namespace", space, "--timeout=120s", seconds=150)
    labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
    yard.cluster.apply(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space, "labels": labels}}
    )


def open_door(yard: Yard) -> Door:
    """Make the gateway reachable on the node's own address, and make credentials."""
    (gateway,) = yard.cluster.all("services", f"{MINE},app.kubernetes.io/component=gateway")
    door = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": _DOOR},
        "spec": {
            "type": "NodePort",
            "selector": gateway["spec"]["selector"],
            "ports": [{"port": 80, "targetPort": gateway["spec"]["ports"][0]["targetPort"]}],
        },
    }
    yard.cluster.apply(door)
    node = yard.cluster.all("nodes")[0]
    host = next(
        one["address"] for one in node["status"]["addresses"] if one["type"] == "InternalIP"
    )
    made = next(s for s in yard.cluster.all("services") if s["metadata"]["name"] == _DOOR)
    url = f"http://{host}:{made['spec']['ports'][0]['nodePort']}"
    return Door(url, _token(yard))


def _token(yard: Yard) -> str:
    """Make the first account and project where there are none; return a new token of it."""
    pod = yard.pods("api")[0]["metadata"]["name"]
    admin = ("exec", pod, "--container", "api", "--", "wheelyard-admin")
    yard.cluster.kubectl(*admin, "bootstrap", "--credentials-file", "/tmp/credentials.env")
    return yard.cluster.kubectl(*admin, "token", "create", "admin").split()[-1]
