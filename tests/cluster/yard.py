"""The release under test: where its parts are, and that what was acknowledged is still there."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tests.cluster.kube import Cluster, DidNotHappen, Object, wait_until
from tests.cluster.load import Door, Load, install_with_pip, publish_with_twine
from tests.support.clients import Person

CHART = Path(__file__).parents[2] / "charts" / "wheelyard"
RELEASE = "yard"
MINE = f"app.kubernetes.io/instance={RELEASE}"
IMAGE = "wheelyard/wheelyard"
# What the issue allows from a failure to the next success.
SETTLED_SECONDS = 60.0


def component(thing: Object) -> str:
    return str(thing["metadata"]["labels"].get("app.kubernetes.io/component", ""))


def name(thing: Object) -> str:
    return str(thing["metadata"]["name"])


@dataclass
class Yard:
    """What the steps share."""

    cluster: Cluster
    person: Person
    # The image that is installed, and the one that is upgraded to.
    tags: tuple[str, str]
    # By file name: its package and sha256.
    acknowledged: dict[str, tuple[str, str]] = field(default_factory=dict)
    # Values beside the chart's own for a try, as `--set` takes them.
    settings: tuple[str, ...] = ()
    door: Door = field(default_factory=lambda: Door("", ""))

    def values(self, tag: str = "", **more: str) -> list[str]:
        """Return helm's options for this release."""
        # Stores that are stopped and come back need volumes.
        own = {"image.tag": tag or self.tags[0], "dev.persistence.enabled": "true"}
        chosen = {**own, **more}
        settings = [*self.settings, *(f"{key}={value}" for key, value in chosen.items())]
        file = str(CHART / "ci" / "dev-values.yaml")
        return ["--values", file, *(f"--set={setting}" for setting in settings)]

    def put(self, verb: str, tag: str = "", **more: str) -> None:
        """Install or upgrade the release, in the words of docs/HELM.md."""
        waiting = ("--wait", "--wait-for-jobs", "--timeout", "600s")
        self.cluster.helm(verb, RELEASE, str(CHART), *self.values(tag, **more), *waiting)

    def load(self) -> Load:
        return Load(self.door, self.person, self.acknowledged)

    def deployments(self) -> dict[str, Object]:
        """Return the release's own deployments by name; not those of its state (`dev.*`)."""
        found = self.cluster.all("deployments", MINE)
        return {name(one): one for one in found if not is_state(one)}

    def pods(self, part: str = "") -> list[Object]:
        """Return the pods that run, of one component or of all that are not state."""
        found = self.cluster.all(
            "pods", f"{MINE},app.kubernetes.io/component={part}" if part else MINE
        )
        return [one for one in found if is_running(one) and (part or not is_state(one))]

    def restarts(self) -> dict[str, int]:
        """Return how often each container was started again."""
        return {
            f"{name(pod)}/{one['name']}": one["restartCount"]
            for pod in self.cluster.all("pods", MINE)
            for one in pod["status"].get("containerStatuses", [])
        }

    def wait_until_ready(self, seconds: float = 180) -> None:
        """Wait until each deployment has what it wants, and nothing of what it had."""

        def settled() -> bool:
            return all(is_settled(one) for one in self.deployments().values())

        try:
            wait_until("all deployments are ready", settled, seconds)
        except DidNotHappen as error:
            raise DidNotHappen(
                f"{error}\n{self.cluster.kubectl('get', 'pods', '-o', 'wide')}"
            ) from error

    def works(self, seconds: float = SETTLED_SECONDS) -> None:
        """Publish and install with the real clients, as a person would who tries again."""

        def once() -> bool:
            file = publish_with_twine(self.door, self.person, "real", self.acknowledged)
            install_with_pip(self.door, self.person, "real", file.name.split("-")[1])
            return True

        wait_until("publishing and installing works", once, seconds)

    def holds_everything(self, seconds: float = SETTLED_SECONDS) -> int:
        """Find every acknowledged file on its page, with its bytes; return how many there are."""
        everything = dict(self.acknowledged)
        packages = {package for package, _ in everything.values()}

        def all_listed() -> bool:
            pages = {package: self.door.page(package) for package in packages}
            listed = {file: digest for page in pages.values() for file, digest in page.items()}
            missing = [one for one, (_, want) in everything.items() if listed.get(one) != want]
            assert not missing, f"{len(missing)} are not, {missing[:5]} among them"
            return True

        wait_until("every acknowledged file is listed", all_listed, seconds)
        for file, (package, want) in everything.items():
            if hashlib.sha256(self.door.file(package, file)).hexdigest() != want:
                raise DidNotHappen(f"{file} has other bytes than were acknowledged")
        return len(everything)


def is_state(thing: Object) -> bool:
    """Tell whether it belongs to the data stores that only `dev.*` brings."""
    return component(thing).startswith("dev-")


def is_running(pod: Object) -> bool:
    return pod["status"]["phase"] == "Running" and "deletionTimestamp" not in pod["metadata"]


def is_settled(deployment: Object) -> bool:
    status, wanted = deployment["status"], deployment["spec"]["replicas"]
    counts = [status.get(what, 0) for what in ("replicas", "updatedReplicas", "availableReplicas")]
    seen = status.get("observedGeneration", 0) >= deployment["metadata"]["generation"]
    return seen and counts == [wanted] * 3


def seconds_to_ready(pod: Object) -> float:
    """Return how long after its containers' start the pod was ready."""
    started = max(
        moment(one["state"]["running"]["startedAt"])
        for one in pod["status"]["containerStatuses"]
        if "running" in one["state"]
    )
    ready = next(one for one in pod["status"]["conditions"] if one["type"] == "Ready")
    return max(0.0, (moment(ready["lastTransitionTime"]) - started).total_seconds())


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
