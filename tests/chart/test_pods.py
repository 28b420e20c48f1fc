"""Every pod of every example: what the strictest cluster asks for, and what ours do beyond."""

from typing import Any

import pytest
from tests.support.chart import REPOSITORY, Chart, Rendered, containers

_STORES = "StatefulSet/"
# What finds out whether a container is well; Kubernetes refuses a probe of none or of two.
_HANDLERS = frozenset({"httpGet", "exec", "tcpSocket", "grpc"})


def pods(rendered: Rendered) -> list[tuple[str, Any]]:
    found = list(rendered.pods())
    assert found
    return found


def test_pods_are_as_the_restricted_standard_wants_them(example: Rendered) -> None:
    for name, pod in pods(example):
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["runAsUser"] > 0, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not {"hostNetwork", "hostPID", "hostIPC", "hostUsers"} & spec.keys(), name
        kinds = {kind for volume in spec["volumes"] for kind in volume if kind != "name"}
        assert kinds <= {"emptyDir", "projected", "configMap", "secret"}, name
        for container in containers(pod):
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["privileged"] is False
            assert context["capabilities"] == {"drop": ["ALL"]}


def test_pods_write_where_they_are_told_and_nowhere_else(example: Rendered) -> None:
    for name, pod in pods(example):
        for volume in pod["spec"]["volumes"]:
            assert "emptyDir" not in volume or volume["emptyDir"]["sizeLimit"], name
        for container in containers(pod):
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            assert any(mount["mountPath"] == "/tmp" for mount in container["volumeMounts"])


def test_pods_ask_the_cluster_for_nothing(example: Rendered) -> None:
    for name, pod in pods(example):
        assert pod["spec"]["automountServiceAccountToken"] is False, name
        assert pod["spec"]["enableServiceLinks"] is False, name


def test_containers_say_what_they_need_and_get_no_more(example: Rendered) -> None:
    for name, pod in pods(example):
        for container in containers(pod):
            resources = container["resources"]
            assert resources["requests"].keys() == {"cpu", "memory", "ephemeral-storage"}, name
            assert resources["limits"].keys() == {"memory", "ephemeral-storage"}, name


def test_what_goes_on_running_is_asked_whether_it_is_well(example: Rendered) -> None:
    for name, pod in pods(example):
        if name.startswith(("Job/", "Pod/", "CronJob/")):
            continue
        (container,) = pod["spec"]["containers"]
        # It has a minute to boot, and is found to have done so within a second.
        assert container["startupProbe"]["periodSeconds"] == 1, name
        assert container["startupProbe"]["failureThreshold"] >= 60, name
        assert container["livenessProbe"]["periodSeconds"] == 10, name
        assert container["livenessProbe"]["timeoutSeconds"] == 3, name
        assert container["livenessProbe"]["failureThreshold"] == 6, name
        assert container["readinessProbe"]["periodSeconds"] == 5, name
        if not name.startswith(_STORES):
            # Whether the process answers, and nothing of anybody else.
            assert container["livenessProbe"]["httpGet"]["path"] == "/livez", name


@pytest.mark.parametrize("file", sorted((REPOSITORY / "deploy" / "nginx").iterdir()), ids=str)
def test_the_gateway_has_the_one_configuration(file: Any, examples: dict[str, Rendered]) -> None:
    mounted = examples["default"].of("ConfigMap")["gateway"]["data"][file.name]

    assert mounted.rstrip() == file.read_text().rstrip()


def _probes(rendered: Rendered) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{name} {key}", probe)
        for name, pod in rendered.pods()
        for container in containers(pod)
        for key, probe in container.items()
        if key.endswith("Probe")
    ]


def test_every_probe_asks_in_exactly_one_way(example: Rendered) -> None:
    for name, probe in _probes(example):
        assert len(probe.keys() & _HANDLERS) == 1, name


def test_a_group_of_ones_own_is_as_whole_as_the_charts(chart: Chart) -> None:
    group = 'worker.groups.big={"queues": ["verify"], "concurrency": 1}'
    rendered = chart.render("default", sets=[group])
    deployments = rendered.of("Deployment")
    specs = [deployments[f"worker-{name}"]["spec"]["template"]["spec"] for name in ("big", "index")]
    (big,), (index,) = (spec["containers"] for spec in specs)

    for key in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert big[key] == index[key]
    assert big["resources"]["requests"].keys() == index["resources"]["requests"].keys()
    assert big["resources"]["limits"].keys() == index["resources"]["limits"].keys()
    assert "lifecycle" not in big, "no Service sends anybody to a worker: nothing to wait for"
    assert specs[0]["terminationGracePeriodSeconds"] == specs[1]["terminationGracePeriodSeconds"]


@pytest.mark.parametrize("component", ["api", "worker.groups.verify", "worker.groups.big"])
def test_a_probe_of_ones_own_kind_stands_instead_of_the_charts(
    component: str, chart: Chart
) -> None:
    sets = [
        'worker.groups.big={"queues": ["verify"], "concurrency": 1}',
        f'{component}.livenessProbe={{"exec": {{"command": ["true"]}}}}',
    ]
    name = component.replace("worker.groups.", "worker-")
    rendered = chart.render("default", sets=sets)
    pod = rendered.of("Deployment")[name]["spec"]["template"]
    probe = pod["spec"]["containers"][0]["livenessProbe"]

    assert probe.keys() & _HANDLERS == {"exec"}
    assert probe["timeoutSeconds"] == 3
