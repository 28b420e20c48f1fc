"""Values that cannot be used are refused, all that is wrong with them at once."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator
from tests.support.chart import CHART, Chart, values_of

# Each is wrong by itself, and all of a row are told together.
WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("http", {"publicUrl": "http://packages.example.com"}, "publicUrl must be a https address"),
    ("uri", {"broker": {"existingSecretUriKey": "u", "existingSecret": ""}},
     "broker.existingSecretUriKey needs broker.existingSecret"),
    ("acl", {"cache": {"username": "u", "existingSecret": ""}},
     "cache.username needs cache.existingSecret"),
    ("owner", {"externalDatabase": {"existingSecretUriKey": "u", "migration": {"host": "direct"}}},
     "externalDatabase.migration needs host, user and existingSecret"),
    ("one", {"broker": {"host": "r"}, "cache": {"host": "r"}}, "broker and cache are one server"),
    ("redirect", {"config": {"downloads": "redirect"}}, "needs objectStorage.publicEndpoint"),
    ("fetch", {"config": {"downloads": "gateway"}}, "needs an objectStorage.endpoint by http"),
    ("edge", {"ingress": {"enabled": True, "hosts": ["a"]},
              "httpRoute": {"enabled": True, "parentRefs": [{"name": "g"}]}},
     "ingress.enabled and httpRoute.enabled: one way in is enough"),
    ("hosts", {"ingress": {"enabled": True}}, "ingress.enabled needs ingress.hosts"),
    ("off", {"ingress": {"enabled": True, "hosts": ["a"],
                         "rules": {"uploads": {"annotations": {"haproxy.org/x": "900s"}}}}},
     "ingress.rules.uploads.annotations are given, and the rule is off"),
    ("parents", {"httpRoute": {"enabled": True}}, "httpRoute.enabled needs httpRoute.parentRefs"),
    ("nowhere", {"ingress": {"enabled": True, "hosts": ["a"]}, "gateway": {"enabled": False}},
     "lead to the gateway, which is not enabled"),
    ("twice", {"metrics": {"serviceMonitor": {"enabled": True}, "podMonitor": {"enabled": True}}},
     "every figure would count twice"),
    ("hook", {"migrations": {"useHelmHooks": True}, "dev": {"postgresql": {"enabled": True}}},
     "the hook would wait for a database that comes after it"),
    ("nothing", {"dev": {"persistence": {"enabled": True}}}, "none of which is enabled"),
    ("both", {"api": {"autoscaling": {"enabled": True},
                      "keda": {"enabled": True, "triggers": [{"type": "cron"}]}}},
     "api: autoscaling and keda would both say how many there are"),
    ("bounds", {"api": {"autoscaling": {"enabled": True, "minReplicas": 5, "maxReplicas": 4}}},
     "api: autoscaling.maxReplicas is less than minReplicas"),
    ("metric", {"api": {"autoscaling": {"enabled": True, "targetCPUUtilizationPercentage": 0}}},
     "api: autoscaling has no metric"),
    ("request", {"indexer": {"autoscaling": {"enabled": True},
                             "resources": {"requests": {"cpu": None}}}},
     "indexer: autoscaling by CPU needs resources.requests.cpu"),
    ("keda-bounds", {"worker": {"groups": {"index": {"keda": {
        "enabled": True, "minReplicaCount": 5, "maxReplicaCount": 4}}}}},
     "worker-index: keda.maxReplicaCount is less than minReplicaCount"),
    ("cooldown", {"worker": {"groups": {"index": {"keda": {
        "enabled": True, "cooldownPeriod": 20}}}}},
     "worker-index: keda.cooldownPeriod is less than the 50 seconds"),
    ("triggers", {"gateway": {"keda": {"enabled": True}}}, "gateway: keda needs triggers"),
    ("asks", {"worker": {"groups": {"index": {"keda": {"enabled": True}}}},
              "externalDatabase": {"existingSecretUriKey": "uri"}},
     "worker-index: keda asks the database by externalDatabase.host"),
    ("grace", {"api": {"terminationGracePeriodSeconds": 54}},
     "api: terminationGracePeriodSeconds must be at least 55"),
    ("two", {"scheduler": {"replicaCount": 2}}, "scheduler: replicaCount may be 1 at the most"),
    ("scaled", {"scheduler": {"autoscaling": {"enabled": True}}}, "scheduler: there is one"),
    ("rolling", {"scheduler": {"strategy": {"type": "RollingUpdate"}}},
     "scheduler: strategy.type must be Recreate"),
    ("mixed", {"worker": {"groups": {"index": {"queues": ["index", "verify"]}}}},
     "worker-index: a group takes one queue"),
    ("unserved", {"worker": {"groups": {"index": None}}},
     "nobody takes work from the queue index"),
    ("rule", {"metrics": {"prometheusRule": {"enabled": True, "excludeRules": ["NoSuchRule"]}}},
     "there is no rule NoSuchRule"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "values", "sentence"), WRONG, ids=[row[0] for row in WRONG])
def test_what_contradicts_itself_is_refused_in_a_sentence(
    name: str, values: dict[str, Any], sentence: str, chart: Chart, tmp_path: Path
) -> None:
    file = tmp_path / f"{name}.yaml"
    file.write_text(yaml.safe_dump(values))

    refusal = chart.refusal("default", str(file))

    assert sentence in refusal
    assert refusal.count("\n- ") == 1, refusal


def test_everything_that_is_missing_is_told_at_once(chart: Chart) -> None:
    refusal = chart.refusal()

    for key in (
        *("publicUrl", "externalDatabase.host", "externalDatabase.existingSecret", "broker.host"),
        *("cache.host", "objectStorage.endpoint", "objectStorage.existingSecret"),
        "auth.existingSecret",
    ):
        assert f"- {key} is not set" in refusal


def test_a_cluster_that_lacks_what_is_asked_for_is_told(chart: Chart) -> None:
    done = chart.template("gitops", "ha", sets=["ingress.enabled=false"], apis=())

    for kind in (
        *("gateway.networking.k8s.io/v1/HTTPRoute", "monitoring.coreos.com/v1/PodMonitor"),
        *("monitoring.coreos.com/v1/PrometheusRule", "keda.sh/v1alpha1/ScaledObject"),
    ):
        assert f"the cluster does not know {kind} " in done.stderr


@pytest.mark.parametrize("name", ["yard.prod", "1yard"])
def test_a_release_whose_name_no_service_may_have_is_told_the_way_out(
    name: str, chart: Chart
) -> None:
    arguments = ("template", name, str(CHART), "--values", str(values_of("default")))

    refused = chart.run(*arguments)
    mended = chart.run(*arguments, "--set", "fullnameOverride=packages")

    assert f"{name}-wheelyard cannot begin the name of a Service" in refused.stderr
    assert "fullnameOverride" in refused.stderr
    assert mended.returncode == 0, mended.stderr


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ("api.replicas=2", "replicas"),
        ('worker.groups.verify.queue=["verify"]', "queue"),
        ('postgresql={"enabled": true}', "postgresql"),
        ('api.tolerations=[{"keys": "a"}]', "keys"),
        ('externalDatabase.password="secret"', "password"),
    ],
)
def test_a_key_that_does_not_exist_is_refused_by_its_name(
    values: str, key: str, chart: Chart
) -> None:
    refusal = chart.refusal("default", sets=[values])

    assert f"additional properties '{key}' not allowed" in refusal


def test_the_schema_is_closed_and_describes_every_key() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    Draft7Validator.check_schema(schema)
    definitions = schema["definitions"]
    shapes = {name: one for name, one in definitions.items() if name != "keys"}
    everything = _parts("", schema) | _parts("/keys", {"properties": definitions["keys"]})
    everything |= {
        key: one for name in shapes for key, one in _parts(f"/{name}", shapes[name]).items()
    }

    for path, one in everything.items():
        if path in {"", "/keys"} or "$ref" in one:
            continue
        is_element = path.endswith(("[]", "*"))
        assert one.get("description") or is_element, f"{path} is not described"
        if one.get("type") == "object" and "additionalProperties" not in one:
            # An object of Kubernetes: the cluster knows what belongs into it.
            assert is_element or one["description"] == "As in Kubernetes.", f"{path} is open"
        elif "properties" in one:
            assert one["additionalProperties"] is False, f"{path} is open"


def _parts(path: str, one: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return a schema and all within it, by their paths."""
    found = {path: one}
    within = {f"{path}/{key}": value for key, value in one.get("properties", {}).items()}
    within[f"{path}/[]"] = one.get("items", {})
    within[f"{path}/*"] = one.get("additionalProperties", {})
    for key, value in within.items():
        if isinstance(value, dict) and value:
            found |= _parts(key, value)
    return found


def test_the_defaults_fit_the_schema_and_every_key_has_one() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())

    assert [error.message for error in Draft7Validator(schema).iter_errors(values)] == []
    assert values.keys() == schema["properties"].keys()
    component = schema["definitions"]["component"]["properties"].keys()
    assert values["defaults"].keys() == component
    for key, part in schema["properties"].items():
        if "properties" in part and key not in {"worker", "smoke", "robot"}:
            assert values[key].keys() | {"pullPolicy"} >= part["properties"].keys() - {
                "pullPolicy"
            }, key
