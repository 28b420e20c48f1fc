"""Make tests/chart/schemas from what Kubernetes and the operators publish of their APIs.

    python -m scripts.chart_schemas swagger.json crd.yaml…

`swagger.json` is api/openapi-spec/swagger.json of the module k8s.io/kubernetes. Only the kinds that
the chart makes are taken, closed, and without their descriptions.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import yaml

SCHEMAS: Final = Path(__file__).parents[1] / "tests" / "chart" / "schemas"
_KINDS: Final = frozenset(
    {
        *("ConfigMap", "CronJob", "Deployment", "HorizontalPodAutoscaler", "Ingress", "Job"),
        *("NetworkPolicy", "Pod", "PodDisruptionBudget", "Secret", "Service", "ServiceAccount"),
        *("HTTPRoute", "PodMonitor", "PrometheusRule", "ScaledObject", "ServiceMonitor"),
        *("StatefulSet", "TriggerAuthentication"),
    }
)
_VERSIONS: Final = frozenset({"v1", "v2", "v1alpha1"})
_LEFT_OUT: Final = frozenset({"description", "default", "example"})
_INT_OR_STRING: Final = {"oneOf": [{"type": "string"}, {"type": "integer"}]}
Schema = dict[str, Any]


def main(swagger: Path, crds: Iterable[Path]) -> None:
    SCHEMAS.mkdir(parents=True, exist_ok=True)
    for old in SCHEMAS.glob("*.json"):
        old.unlink()
    _kubernetes(json.loads(swagger.read_text()))
    for file in crds:
        for crd in yaml.safe_load_all(file.read_text()):
            if crd["spec"]["names"]["kind"] in _KINDS:
                _custom(crd["spec"])


def _kubernetes(document: Schema) -> None:
    definitions: Schema = document["definitions"]
    kept: Schema = {}
    for name, definition in definitions.items():
        for known in definition.get("x-kubernetes-group-version-kind", []):
            group, version, kind = known["group"], known["version"], known["kind"]
            if kind in _KINDS and version in _VERSIONS and name.startswith("io.k8s.api."):
                _keep(name, definitions, kept)
                reference = {"$ref": f"_definitions.json#/definitions/{name}"}
                _write(kind, group, version, reference)
    (SCHEMAS / "_definitions.json").write_text(_text({"definitions": kept}))


def _keep(name: str, definitions: Schema, kept: Schema) -> None:
    if name in kept:
        return
    kept[name] = _closed(definitions[name])
    for used in _used(definitions[name]):
        _keep(used, definitions, kept)


def _used(schema: object) -> Iterable[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].rpartition("/")[2]
        for value in schema.values():
            yield from _used(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _used(value)


def _custom(spec: Schema) -> None:
    for version in spec["versions"]:
        if version["name"] in _VERSIONS:
            schema = _closed(version["schema"]["openAPIV3Schema"])
            schema["properties"]["metadata"] = {"type": "object"}
            _write(spec["names"]["kind"], spec["group"], version["name"], schema)


def _closed(schema: Schema) -> Schema:
    """Return a schema of the API as one of JSON that knows no other keys."""
    if schema.get("format") == "int-or-string" or schema.get("x-kubernetes-int-or-string"):
        return _INT_OR_STRING
    closed = {
        key: value
        for key, value in schema.items()
        if not key.startswith("x-") and key not in _LEFT_OUT
    }
    if "properties" in schema:
        closed["properties"] = {key: _closed(value) for key, value in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            closed["additionalProperties"] = False
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            closed[key] = _closed(schema[key])
    return closed


def _write(kind: str, group: str, version: str, schema: Schema) -> None:
    name = "-".join(part for part in (kind.lower(), group.partition(".")[0], version) if part)
    (SCHEMAS / f"{name}.json").write_text(_text(schema))


def _text(schema: Schema) -> str:
    return json.dumps(schema, separators=(",", ":"), sort_keys=True) + "\n"


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(argument) for argument in sys.argv[2:]])
