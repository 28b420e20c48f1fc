"""What the run asks of the cluster: kubectl and helm as people type them."""

import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from tests.support.inherited import inherited

Object = dict[str, Any]


class DidNotHappen(Exception):
    """Something that a step waited for; its sentence says what was there instead."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """One namespace of the cluster that KUBECONFIG leads to."""

    namespace: str

    def kubectl(self, *words: str, stdin: str = "", seconds: float = 90) -> str:
        return _run("kubectl", "--namespace", self.namespace, *words, stdin=stdin, seconds=seconds)

    def helm(self, *words: str, seconds: float = 660) -> str:
        return _run("helm", "--namespace", self.namespace, *words, seconds=seconds)

    def apply(self, *objects: Object) -> None:
        self.kubectl("apply", "-f", "-", stdin=json.dumps(_list_of(objects)))

    def all(self, kinds: str, selector: str = "") -> list[Object]:
        """Return objects by kind and label."""
        found = json.loads(self.kubectl("get", kinds, "--selector", selector, "--output=json"))
        return list(found["items"])

    def serves(self, group: str) -> bool:
        """Tell whether somebody answers for a group of the API; definitions alone do not."""
        served = (one for one in self.all("apiservices") if one["spec"].get("group") == group)
        return any(
            condition["type"] == "Available" and condition["status"] == "True"
            for one in served
            for condition in one["status"]["conditions"]
        )


T = TypeVar("T")
# What a question may answer with while the world is on its way.
NOT_YET = (OSError, AssertionError, ValueError, KeyError, subprocess.SubprocessError)


def wait_until(what: str, question: Callable[[], T], seconds: float, pause: float = 0.5) -> T:
    """Ask until the answer is true; raise DidNotHappen when that takes longer than *seconds*."""
    deadline = time.monotonic() + seconds
    while True:
        why = ""
        try:
            if answer := question():
                return answer
        except NOT_YET as error:
            why = f": {error}"
        if time.monotonic() > deadline:
            raise DidNotHappen(f"{what}: not within {seconds:.0f} s{why}")
        time.sleep(pause)


def _list_of(objects: tuple[Object, ...]) -> Object:
    return {"apiVersion": "v1", "kind": "List", "items": list(objects)}


def _run(*command: str, stdin: str = "", seconds: float = 90) -> str:
    done = subprocess.run(
        command,
        env=inherited(),
        input=stdin.encode(),
        capture_output=True,
        timeout=seconds,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise DidNotHappen(f"{' '.join(command)} ended with {done.returncode}: {said}")
    return done.stdout.decode(errors="replace")
