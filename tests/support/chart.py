"""The chart as helm renders it: objects, and what is wrong with values, in helm's own words."""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from tests.support.servers.finding import Machine, Program, find

REPOSITORY = Path(__file__).parents[2]
CHART = REPOSITORY / "charts" / "wheelyard"
RELEASE = "yard"
NAMESPACE = "packages"
# What a cluster must know for everything that the chart can make.
APIS = (
    "gateway.networking.k8s.io/v1/HTTPRoute",
    "monitoring.coreos.com/v1/ServiceMonitor",
    "monitoring.coreos.com/v1/PodMonitor",
    "monitoring.coreos.com/v1/PrometheusRule",
    "keda.sh/v1alpha1/ScaledObject",
)

Object = dict[str, Any]


def find_helm(machine: Machine) -> Program:
    """Return helm, or raise Missing."""
    found = find("helm", [machine.program("helm", *machine.go_folders), machine.build("helm")])
    assert isinstance(found, Program)
    return found


def find_kubeconform(machine: Machine) -> Program:
    """Return kubeconform, or raise Missing."""
    ways = [machine.program("kubeconform", *machine.go_folders), machine.build("kubeconform")]
    found = find("kubeconform", ways)
    assert isinstance(found, Program)
    return found


def values_of(name: str) -> Path:
    """Return one of the chart's example files."""
    return CHART / "ci" / f"{name}-values.yaml"


class Rendered:
    """The objects of a release."""

    def __init__(self, text: str) -> None:
        self.text = text
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self.objects: list[Object] = [one for one in yaml.load_all(text, loader) if one]

    def of(self, kind: str) -> dict[str, Object]:
        """Return the objects of a kind, by their names without the release's."""
        return {
            one["metadata"]["name"].removeprefix(f"{RELEASE}-wheelyard-"): one
            for one in self.objects
            if one["kind"] == kind
        }

    def pods(self) -> Iterator[tuple[str, Object]]:
        """Give every pod's specification and labels, by what makes it."""
        for one in self.objects:
            if one["kind"] in {"Deployment", "StatefulSet", "Job"}:
                yield _name(one), one["spec"]["template"]
            elif one["kind"] == "CronJob":
                yield _name(one), one["spec"]["jobTemplate"]["spec"]["template"]
            elif one["kind"] == "Pod":
                yield _name(one), one


@dataclass
class Chart:
    """Renders; the same values are rendered once."""

    helm: Program
    chart: Path = CHART
    _rendered: dict[tuple[str, ...], str] = field(default_factory=dict)

    def render(self, *names: str, sets: Sequence[str] = (), apis: Sequence[str] = APIS) -> Rendered:
        """Return what the example files *names* and *sets* make."""
        done = self.template(*names, sets=sets, apis=apis)
        assert done.returncode == 0, done.stderr
        return Rendered(done.stdout)

    def refusal(self, *names: str, sets: Sequence[str] = ()) -> str:
        """Return why these values are refused."""
        done = self.template(*names, sets=sets)
        assert done.returncode != 0
        return done.stderr

    def template(
        self, *names: str, sets: Sequence[str] = (), apis: Sequence[str] = APIS
    ) -> subprocess.CompletedProcess[str]:
        """Run `helm template`."""
        arguments = ["--kube-version", "1.34.0", "--namespace", NAMESPACE]
        for name in names:
            arguments += ["--values", str(name if "/" in name else values_of(name))]
        for one in sets:
            arguments += ["--set-json", one]
        for api in apis:
            arguments += ["--api-versions", api]
        return self.run("template", RELEASE, str(self.chart), *arguments)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run helm."""
        return subprocess.run(
            [self.helm.path, *arguments], capture_output=True, text=True, timeout=60, check=False
        )


def containers(pod: Mapping[str, Any]) -> list[Object]:
    """Return all containers of a pod."""
    spec = pod["spec"]
    return [*spec.get("initContainers", []), *spec["containers"]]


def _name(one: Object) -> str:
    return f"{one['kind']}/{one['metadata']['name']}"
