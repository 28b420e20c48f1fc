"""Every key of a component works on every component: each is set on each, and seen in its pod."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.chart import CHART, Chart, Object, Rendered

# Name of the object, and where its values are.
COMPONENTS = {
    "gateway": ("gateway",),
    "api": ("api",),
    "indexer": ("indexer",),
    "scheduler": ("scheduler",),
    "worker-verify": ("worker", "groups", "verify"),
    "worker-index": ("worker", "groups", "index"),
    "worker-maintenance": ("worker", "groups", "maintenance"),
    "migrate": ("migrate",),
    "smoke": ("smoke",),
    "robot": ("robot",),
}
ONCE = frozenset({"migrate", "smoke", "robot"})
SCALED = [name for name in COMPONENTS if name not in ONCE | {"scheduler"}]
_PEER = {"ipBlock": {"cidr": "10.9.9.0/24"}}
_PROBE = {"periodSeconds": 33}

Seen = Callable[[Any, Any], bool]
# A value of each key, and whether it is seen, in the pod's specification and its main container.
OF_PODS: dict[str, tuple[Any, Seen]] = {
    "image": (
        {"registry": "r.example", "repository": "a/b", "tag": "7", "pullPolicy": "Always"},
        lambda _, c: (c["image"], c["imagePullPolicy"]) == ("r.example/a/b:7", "Always"),
    ),
    "command": (["other"], lambda _, c: c["command"] == ["other"]),
    "args": (["one"], lambda _, c: c["args"] == ["one"]),
    "extraEnv": (
        [{"name": "X", "value": "1"}],
        lambda _, c: {"name": "X", "value": "1"} in c["env"],
    ),
    "extraEnvFrom": (
        [{"secretRef": {"name": "more"}}],
        lambda _, c: {"secretRef": {"name": "more"}} in c["envFrom"],
    ),
    "extraVolumes": (
        [{"name": "more", "emptyDir": {"sizeLimit": "1Mi"}}],
        lambda s, _: {"name": "more", "emptyDir": {"sizeLimit": "1Mi"}} in s["volumes"],
    ),
    "extraVolumeMounts": (
        [{"name": "more", "mountPath": "/more"}],
        lambda _, c: {"name": "more", "mountPath": "/more"} in c["volumeMounts"],
    ),
    "extraContainers": (
        [{"name": "beside", "image": "x"}],
        lambda s, _: s["containers"][-1] == {"name": "beside", "image": "x"},
    ),
    "initContainers": (
        [{"name": "before", "image": "x"}],
        lambda s, _: s["initContainers"][-1] == {"name": "before", "image": "x"},
    ),
    "resources": (
        {"requests": {"cpu": "7m"}},
        lambda _, c: c["resources"]["requests"]["cpu"] == "7m",
    ),
    "podSecurityContext": ({"runAsUser": 7}, lambda s, _: s["securityContext"]["runAsUser"] == 7),
    "containerSecurityContext": (
        {"privileged": False, "runAsGroup": 7},
        lambda _, c: c["securityContext"]["runAsGroup"] == 7,
    ),
    "serviceAccount": (
        {"name": "own", "automountToken": True, "annotations": {"role": "r"}},
        lambda s, _: (s["serviceAccountName"], s["automountServiceAccountToken"]) == ("own", True),
    ),
    "nodeSelector": ({"disk": "fast"}, lambda s, _: s["nodeSelector"] == {"disk": "fast"}),
    "tolerations": (
        [{"operator": "Exists"}],
        lambda s, _: s["tolerations"] == [{"operator": "Exists"}],
    ),
    "affinity": ({"nodeAffinity": {}}, lambda s, _: s["affinity"] == {"nodeAffinity": {}}),
    "topologySpreadConstraints": (
        [{"maxSkew": 5, "topologyKey": "rack", "whenUnsatisfiable": "DoNotSchedule"}],
        lambda s, _: [one["topologyKey"] for one in s["topologySpreadConstraints"]] == ["rack"],
    ),
    "priorityClassName": ("high", lambda s, _: s["priorityClassName"] == "high"),
    "runtimeClassName": ("gvisor", lambda s, _: s["runtimeClassName"] == "gvisor"),
    "lifecycle": (
        {"postStart": {"sleep": {"seconds": 1}}},
        lambda _, c: c["lifecycle"]["postStart"] == {"sleep": {"seconds": 1}},
    ),
    "preStopSeconds": (17, lambda _, c: c["lifecycle"]["preStop"] == {"sleep": {"seconds": 17}}),
    "drainSeconds": (
        23,
        # nginx ends when it has ended what it does.
        lambda _, c: (
            c["name"] == "gateway" or {"name": "WHEELYARD_DRAIN_SECONDS", "value": "23"} in c["env"]
        ),
    ),
    "terminationGracePeriodSeconds": (99, lambda s, _: s["terminationGracePeriodSeconds"] == 99),
    "tmp": ({"sizeLimit": "9Mi"}, lambda s, _: s["volumes"][0]["emptyDir"]["sizeLimit"] == "9Mi"),
    "spool": (
        {"sizeLimit": "9Gi"},
        # The gateway keeps nothing.
        lambda s, c: c["name"] == "gateway" or s["volumes"][1]["emptyDir"] == {"sizeLimit": "9Gi"},
    ),
}
OF_SERVING: dict[str, tuple[Any, Seen]] = {
    probe: (_PROBE, lambda _, c, probe=probe: c[probe]["periodSeconds"] == 33)  # type: ignore[misc]  # mypy infers no lambda with a default
    for probe in ("startupProbe", "livenessProbe", "readinessProbe")
}
# Seen elsewhere than in the specification of the pod: by the tests below.
SEEN_BELOW = frozenset(
    {
        *("enabled", "podAnnotations", "podLabels", "networkPolicy", "replicaCount", "strategy"),
        *("minReadySeconds", "revisionHistoryLimit", "autoscaling", "keda", "pdb", "service"),
        *("queues", "concurrency"),
    }
)
EVERYWHERE = {
    "podAnnotations": {"note": "a"},
    "podLabels": {"team": "b"},
    "networkPolicy": {"extraIngress": [{"from": [_PEER]}], "extraEgress": [{"to": [_PEER]}]},
}
OF_DEPLOYMENTS = {
    "minReadySeconds": 3,
    "revisionHistoryLimit": 4,
    "replicaCount": 6,
    "strategy": {"rollingUpdate": {"maxSurge": "50%"}},
    "pdb": {"maxUnavailable": 2},
}


def _within(path: tuple[str, ...], values: Any) -> Any:
    for key in reversed(path):
        values = {key: values}
    return values


def _merged(parts: list[Any]) -> Any:
    merged: dict[str, Any] = {}
    for part in parts:
        for key, value in part.items():
            both = isinstance(value, dict) and key in merged
            merged[key] = _merged([merged[key], value]) if both else value
    return merged


@pytest.fixture(scope="session")
def everything(chart: Chart, tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """All keys set on all components at once."""
    parts = []
    for name, path in COMPONENTS.items():
        own = {key: value for key, (value, _) in OF_PODS.items()} | EVERYWHERE
        if name not in ONCE:
            own |= {key: value for key, (value, _) in OF_SERVING.items()} | OF_DEPLOYMENTS
        if name == "robot":
            own |= {"enabled": True}
        if name == "scheduler":
            own |= {"replicaCount": 0, "strategy": {"type": "Recreate"}}
        parts.append(_within(path, own))
    file = tmp_path_factory.mktemp("values") / "everything.yaml"
    file.write_text(json.dumps(_merged(parts)))
    return chart.render("default", str(file))


def _made_for(rendered: Rendered, component: str) -> tuple[Object, Object]:
    """Return a component's object and the template of its pods."""
    pods = dict(rendered.pods())
    for one in rendered.objects:
        pod = pods.get(f"{one['kind']}/{one['metadata']['name']}")
        if pod and one["metadata"]["labels"]["app.kubernetes.io/component"] == component:
            return one, pod
    raise AssertionError(f"there is no {component}")


@pytest.mark.parametrize("key", OF_PODS)
@pytest.mark.parametrize("component", COMPONENTS)
def test_a_key_of_pods_works_on_every_component(
    component: str, key: str, everything: Rendered
) -> None:
    _, pod = _made_for(everything, component)
    seen = OF_PODS[key][1]

    assert seen(pod["spec"], pod["spec"]["containers"][0])


@pytest.mark.parametrize("key", OF_SERVING)
@pytest.mark.parametrize("component", [name for name in COMPONENTS if name not in ONCE])
def test_a_probe_is_laid_over_the_components_own(
    component: str, key: str, everything: Rendered
) -> None:
    _, pod = _made_for(everything, component)
    (container, *_) = pod["spec"]["containers"]

    assert OF_SERVING[key][1](pod["spec"], container)
    assert container[key]["httpGet"]["path"] in {"/livez", "/readyz"}
    assert container[key]["timeoutSeconds"] == 3


@pytest.mark.parametrize("component", COMPONENTS)
def test_notes_and_labels_and_rules_of_ones_own_are_added(
    component: str, everything: Rendered
) -> None:
    _, pod = _made_for(everything, component)
    assert pod["metadata"]["labels"]["team"] == "b"
    assert pod["metadata"]["annotations"]["note"] == "a"

    policy = everything.of("NetworkPolicy")[component]["spec"]

    assert policy["ingress"][-1] == {"from": [_PEER]}
    assert policy["egress"][-1] == {"to": [_PEER]}


@pytest.mark.parametrize("component", [name for name in COMPONENTS if name not in ONCE])
def test_keys_of_deployments_work_on_every_deployment(component: str, everything: Rendered) -> None:
    spec = _made_for(everything, component)[0]["spec"]

    assert spec["minReadySeconds"] == 3
    assert spec["revisionHistoryLimit"] == 4
    assert spec["replicas"] == (0 if component == "scheduler" else 6)
    if component == "scheduler":
        assert spec["strategy"] == {"type": "Recreate"}
        return
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": "50%", "maxUnavailable": 0}
    budget = everything.of("PodDisruptionBudget")[component]["spec"]
    assert budget["maxUnavailable"] == 2


def test_any_of_many_is_scaled_by_either(chart: Chart) -> None:
    triggers = '[{"type": "cron", "metadata": {}, "authenticationRef": {"name": "x"}}]'
    by_hpa, by_keda = [], []
    for path in (".".join(COMPONENTS[name]) for name in SCALED):
        by_hpa += [f"{path}.autoscaling.enabled=true", f"{path}.autoscaling.maxReplicas=7"]
        by_keda += [f"{path}.keda.enabled=true", f"{path}.keda.triggers={triggers}"]

    hpas = chart.render("default", sets=by_hpa).of("HorizontalPodAutoscaler")
    kedas = chart.render("default", sets=by_keda).of("ScaledObject")

    assert set(hpas) == set(kedas) == set(SCALED)
    assert {one["spec"]["maxReplicas"] for one in hpas.values()} == {7}
    assert {one["spec"]["triggers"][0]["type"] for one in kedas.values()} == {"cron"}


def test_keys_of_services_work_on_those_that_serve(chart: Chart) -> None:
    sets = [
        f'{name}.service={{"type": "NodePort", "port": 81, "annotations": {{"a": "b"}}}}'
        for name in ("gateway", "api", "indexer")
    ]
    rendered = chart.render("default", sets=sets)

    for name in ("gateway", "api", "indexer"):
        service = rendered.of("Service")[name]
        assert service["spec"]["type"] == "NodePort"
        assert service["spec"]["ports"][0]["port"] == 81
        assert service["metadata"]["annotations"] == {"a": "b"}
    environment = rendered.of("Deployment")["gateway"]["spec"]["template"]["spec"]["containers"][0]
    assert {"name": "GATEWAY_API_ADDRESS", "value": "yard-wheelyard-api:81"} in environment["env"]


def test_a_group_of_workers_takes_its_own_queues(chart: Chart) -> None:
    pods = dict(chart.render("minimal").pods())

    def told(group: str) -> tuple[str, str]:
        container = pods[f"Deployment/yard-wheelyard-worker-{group}"]["spec"]["containers"][0]
        environment = {one["name"]: one["value"] for one in container["env"]}
        return environment["WHEELYARD_WORKER_QUEUES"], container["command"][2]

    assert told("verify") == ("verify", "wheelyard_worker")
    assert told("maintenance") == ("maintenance", "wheelyard_worker")
    assert told("index") == ("index", "wheelyard_indexer")


@pytest.mark.parametrize(
    "component", [name for name in COMPONENTS if not name.startswith("worker-")]
)
def test_a_component_that_is_off_leaves_nothing(component: str, chart: Chart) -> None:
    off = "migrations.enabled" if component == "migrate" else f"{component}.enabled"
    rendered = chart.render("default", sets=[f"{off}=false"])

    of_it = [
        one["kind"]
        for one in rendered.objects
        if one["metadata"]["labels"]["app.kubernetes.io/component"] == component
    ]

    assert of_it == []


def test_a_variable_of_ones_own_stands_instead_of_the_charts(chart: Chart) -> None:
    sets = ['api.extraEnv=[{"name": "WHEELYARD_DRAIN_SECONDS", "value": "5"}]']
    pods = dict(chart.render("default", sets=sets).pods())
    environment = pods["Deployment/yard-wheelyard-api"]["spec"]["containers"][0]["env"]

    assert environment == [{"name": "WHEELYARD_DRAIN_SECONDS", "value": "5"}]


def test_the_keys_of_the_schema_are_those_that_are_tested() -> None:
    definitions = json.loads((CHART / "values.schema.json").read_text())["definitions"]
    tested = OF_PODS.keys() | OF_SERVING.keys() | SEEN_BELOW

    assert definitions["keys"].keys() == tested
    for shape in ("component", "served", "group", "once"):
        for key, value in definitions[shape]["properties"].items():
            assert value == {"$ref": f"#/definitions/keys/{key}"}
    component = set(definitions["component"]["properties"])
    assert set(definitions["served"]["properties"]) == component | {"service"}
    assert set(definitions["group"]["properties"]) == component | {"queues", "concurrency"}
    assert set(definitions["once"]["properties"]) == OF_PODS.keys() | {
        *("enabled", "podAnnotations", "podLabels", "networkPolicy")
    }


def test_diagnostic_pods_sleep_and_are_left_alone(chart: Chart) -> None:
    for name, pod in chart.render("default", sets=["diagnosticMode.enabled=true"]).pods():
        (container,) = pod["spec"]["containers"]
        assert container["command"] == ["sleep"], name
        assert "livenessProbe" not in container
        assert "initContainers" not in pod["spec"]
