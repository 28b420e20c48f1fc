"""Every object of every example: valid, joined to the others, and the same each time."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.chart.conftest import EXAMPLES
from tests.support.chart import Chart, Object, Rendered, containers, find_kubeconform, values_of
from tests.support.servers.finding import Machine, Missing
from tests.support.servers.report import without

from wheelyard_core.adapters.queue import QUEUE_OF

_SCHEMAS = Path(__file__).parent / "schemas"
_WORKLOADS = ("Deployment", "StatefulSet", "Job")
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


def test_objects_are_as_the_apis_want_them(machine: Machine, examples: dict[str, Rendered]) -> None:
    try:
        kubeconform = find_kubeconform(machine)
    except Missing as missing:
        without(missing, required=machine.requires_all)
    location = f"{_SCHEMAS}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"
    for name, rendered in examples.items():
        done = subprocess.run(
            [kubeconform.path, "-strict", "-schema-location", location, "-"],
            input=rendered.text,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{name}: {done.stdout}"


def test_charts_are_linted_without_a_warning(chart: Chart) -> None:
    for name in EXAMPLES:
        done = chart.run(
            "lint", "--strict", "--quiet", str(chart.chart), "-f", str(values_of(name))
        )
        assert done.returncode == 0, f"{name}: {done.stdout}"


def test_the_same_values_make_the_same_objects(chart: Chart, examples: dict[str, Rendered]) -> None:
    assert chart.render("gitops").text == examples["gitops"].text
    assert chart.render("dev").text == examples["dev"].text


def test_every_object_says_whose_it_is(example: Rendered) -> None:
    for one in example.objects:
        if one["metadata"]["name"] == "extra":
            continue
        labels = one["metadata"]["labels"]
        assert labels["app.kubernetes.io/part-of"] == "wheelyard"
        assert labels["app.kubernetes.io/managed-by"] == "Helm"
        assert labels["helm.sh/chart"].startswith("wheelyard-")
        assert one["metadata"]["namespace"] == "packages"


def test_nothing_needs_the_rights_of_a_whole_cluster(example: Rendered) -> None:
    kinds = {one["kind"] for one in example.objects}

    assert not {kind for kind in kinds if kind.startswith("Cluster") or "Definition" in kind}
    assert not {"Namespace", "PriorityClass", "Role", "RoleBinding"} & kinds


def test_every_selector_finds_its_own_pods_and_no_others(example: Rendered) -> None:
    pods = {name: pod["metadata"]["labels"] for name, pod in example.pods()}
    for one in example.objects:
        if one["kind"] in {"Deployment", "StatefulSet", "PodDisruptionBudget"}:
            selector = one["spec"]["selector"]["matchLabels"]
        elif one["kind"] == "NetworkPolicy":
            selector = one["spec"]["podSelector"]["matchLabels"]
        else:
            continue
        found = [name for name, labels in pods.items() if selector.items() <= labels.items()]
        assert len(found) == 1, f"{one['kind']} {one['metadata']['name']}: {found}"


def test_every_service_leads_to_a_port_of_its_pods(example: Rendered) -> None:
    for service in example.of("Service").values():
        selector = service["spec"]["selector"].items()
        ports = [
            port["name"]
            for _, pod in example.pods()
            if selector <= pod["metadata"]["labels"].items()
            for container in containers(pod)
            for port in container.get("ports", [])
        ]
        for port in service["spec"]["ports"]:
            assert port["targetPort"] in ports, service["metadata"]["name"]


def test_what_serves_people_shows_no_figures(example: Rendered) -> None:
    for name, service in example.of("Service").items():
        ports = {port["targetPort"] for port in service["spec"]["ports"]}
        assert len(ports) == 1
        assert ("http-metrics" in ports) is name.endswith("metrics")


def _referred(one: Object) -> Iterator[tuple[str, str]]:
    spec = one["spec"]
    if "scaleTargetRef" in spec:
        yield "Deployment", spec["scaleTargetRef"]["name"]
    for trigger in spec.get("triggers", []):
        yield "TriggerAuthentication", trigger["authenticationRef"]["name"]
    for rule in spec.get("rules", []):
        paths = rule.get("http", {}).get("paths", [])
        yield from (("Service", path["backend"]["service"]["name"]) for path in paths)
        yield from (("Service", backend["name"]) for backend in rule.get("backendRefs", []))


def _mounted(pod: Any) -> Iterator[tuple[str, str]]:
    yield "ServiceAccount", pod["spec"]["serviceAccountName"]
    for volume in pod["spec"]["volumes"]:
        if "configMap" in volume:
            yield "ConfigMap", volume["configMap"]["name"]
    for container in containers(pod):
        for source in container.get("envFrom", []):
            yield "ConfigMap", source["configMapRef"]["name"]


def test_everything_that_is_named_is_there(example: Rendered) -> None:
    there = {(one["kind"], one["metadata"]["name"]) for one in example.objects}
    there.add(("ServiceAccount", "default"))
    named = {pair for one in example.objects if "spec" in one for pair in _referred(one)}
    named |= {pair for _, pod in example.pods() for pair in _mounted(pod)}

    assert named <= there


def test_names_are_short_enough_for_labels_whatever_the_release_is_called(chart: Chart) -> None:
    done = chart.run(
        *("template", "a" * 53, str(chart.chart), "--values", str(values_of("dev"))),
        *("--set", "worker.groups.a-fifteen-chars.queues={verify}"),
        *("--set", "worker.groups.a-fifteen-chars.concurrency=1"),
    )
    assert done.returncode == 0, done.stderr

    objects = Rendered(done.stdout).objects
    names = [one["metadata"]["name"] for one in objects]

    assert len({(one["kind"], one["metadata"]["name"]) for one in objects}) == len(objects)
    for name in names:
        assert _LABEL.fullmatch(name)
        # A StatefulSet's pods have a label with ten characters more.
        assert len(name) <= 63 - 11 * ("-dev-" in name), name


def test_secrets_are_named_and_never_made(examples: dict[str, Rendered]) -> None:
    for name, rendered in examples.items():
        assert bool(rendered.of("Secret")) is (name == "dev")
        for _, pod in rendered.pods():
            for container in containers(pod):
                for variable in container.get("env", []):
                    secret = variable["name"].endswith(("PASSWORD", "KEY", "PEPPER"))
                    assert not secret, f"{name}: {variable['name']}"


def test_secrets_are_files_that_change_with_their_secret(example: Rendered) -> None:
    for name, pod in example.pods():
        kinds = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
        for container in containers(pod):
            # Neither the value of a variable nor a `subPath` ever changes in a pod that runs; what
            # a pod is called does not, either.
            sources = [one.get("valueFrom", {}) for one in container.get("env", [])]
            assert not [one for one in sources if one.keys() - {"fieldRef"}], name
            for mount in container["volumeMounts"]:
                volume = kinds[mount["name"]]
                is_secret = "secret" in volume or any(
                    "secret" in source for source in volume.get("projected", {}).get("sources", [])
                )
                assert not (is_secret and "subPath" in mount), name


@pytest.mark.parametrize("kind", ["HorizontalPodAutoscaler", "ScaledObject"])
def test_whoever_is_scaled_has_no_number_of_its_own(
    kind: str, examples: dict[str, Rendered]
) -> None:
    ha = examples["ha"]
    targets = {one["spec"]["scaleTargetRef"]["name"] for one in ha.of(kind).values()}
    assert targets

    for one in ha.of("Deployment").values():
        if one["metadata"]["name"] in targets:
            assert "replicas" not in one["spec"]


def test_whoever_is_scaled_by_cpu_is_measured_by_its_own_container(
    examples: dict[str, Rendered],
) -> None:
    deployments = examples["ha"].of("Deployment")
    for name, one in examples["ha"].of("HorizontalPodAutoscaler").items():
        (metric,) = one["spec"]["metrics"]
        (container,) = deployments[name]["spec"]["template"]["spec"]["containers"]
        assert metric["containerResource"]["container"] == container["name"]
        assert container["resources"]["requests"]["cpu"]


def test_workers_are_scaled_by_the_work_of_their_own_queues(examples: dict[str, Rendered]) -> None:
    queries = {
        name: one["spec"]["triggers"][0]["metadata"]["query"].partition("task IN ")[2]
        for name, one in examples["full"].of("ScaledObject").items()
    }

    tasks: dict[str, list[str]] = {}
    for task, queue in QUEUE_OF.items():
        tasks.setdefault(queue, []).append(f"'{task.value}'")
    assert queries == {
        "worker-verify": f"({', '.join(tasks['verify'])})",
        "worker-index": f"({', '.join(tasks['index'])})",
    }


def test_no_work_waits_behind_that_of_another_queue(example: Rendered) -> None:
    """Reconciling takes half a minute at a time, and somebody waits for each verdict."""
    taken = [
        variable["value"]
        for one in example.of("Deployment").values()
        for variable in one["spec"]["template"]["spec"]["containers"][0].get("env", [])
        if variable["name"] == "WHEELYARD_WORKER_QUEUES"
    ]

    assert sorted(taken) == sorted(set(QUEUE_OF.values()))


def test_workers_have_the_memory_that_their_children_may_take(example: Rendered) -> None:
    for name, one in example.of("Deployment").items():
        if not name.startswith("worker-"):
            continue
        (container,) = one["spec"]["template"]["spec"]["containers"]
        environment = {each["name"]: each.get("value") for each in container["env"]}
        # 300,000 KiB each (adapters/queue.py), and the parent.
        needed = int(environment["WHEELYARD_WORKER_CONCURRENCY"]) * 300_000 / 1024 + 150
        limit = container["resources"]["limits"]["memory"]
        assert needed <= int(limit[:-2]) * {"Mi": 1, "Gi": 1024}[limit[-2:]], name


def test_another_image_or_other_settings_are_another_migration(chart: Chart) -> None:
    def job(*sets: str) -> str:
        (name,) = chart.render("default", sets=sets).of("Job")
        return name

    first = job()

    assert job('image.tag="2"') != first
    assert job('externalDatabase.host="other.example.com"') != first
    assert job('migrate.resources.limits.memory="1Gi"') != first
    assert job("gateway.replicaCount=5") == first


def test_pods_end_in_the_time_that_they_have(example: Rendered) -> None:
    for one in example.of("Deployment").values():
        spec = one["spec"]["template"]["spec"]
        (container,) = spec["containers"]
        pause = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        environment = {each["name"]: each.get("value") for each in container["env"]}
        drain = int(environment.get("WHEELYARD_DRAIN_SECONDS", 40))
        assert spec["terminationGracePeriodSeconds"] >= pause + drain + 5
        if any(port["name"] == "http" for port in container["ports"]):
            # The world needs a while to hear that a pod of a Service ends.
            assert pause >= 10
            assert one["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_where_there_can_be_two_a_node_is_drained_one_by_one(examples: dict[str, Rendered]) -> None:
    assert set(examples["ha"].of("PodDisruptionBudget")) == {
        *("gateway", "api", "indexer", "worker-verify", "worker-index"),
    }
    assert not examples["dev"].of("PodDisruptionBudget")
    for budget in examples["ha"].of("PodDisruptionBudget").values():
        assert budget["spec"]["maxUnavailable"] == 1
        assert budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
