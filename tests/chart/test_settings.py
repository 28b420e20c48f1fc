"""What pods are told is what the services read, and all that they read can be told."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.support.chart import CHART, Chart, Rendered, containers

from wheelyard_core.adapters.blobs.s3_settings import S3Settings
from wheelyard_core.settings import SETTINGS, Settings, read_settings

_MOUNT = "/run/wheelyard/secrets"
_ADDRESSES = {
    "database-url": "postgresql://yard:secret@db:5432/yard",
    "broker-url": "redis://:secret@broker:6379/0",
    "cache-url": "redis://:secret@cache:6379/0",
}
# What is not said by a key of `config` with its name.
_ELSEWHERE = frozenset(
    {
        # From the sections of the stores, and from Secrets.
        *("DATABASE_URL", "DATABASE_PASSWORD", "DATABASE_POOL_SIZE", "DATABASE_POOL_OVERFLOW"),
        *("BROKER_URL", "BROKER_PASSWORD", "CACHE_URL", "CACHE_PASSWORD", "TOKEN_PEPPER"),
        *("S3_ENDPOINT", "S3_PUBLIC_ENDPOINT", "S3_REGION", "S3_BUCKET", "S3_PREFIX"),
        *("S3_ACCESS_KEY", "S3_SECRET_KEY", "S3_PATH_STYLE", "S3_CA_FILE"),
        *("OIDC_ISSUERS", "OIDC_AUDIENCE", "OIDC_CA_FILE", "OIDC_PROXY", "PUBLIC_URL"),
        "SIGSTORE_TRUSTED_ROOT",
        *("TRACING_ENDPOINT", "TRACING_SAMPLE_RATIO"),
        # From the component.
        *("WORKER_CONCURRENCY", "WORKER_QUEUES", "DRAIN_SECONDS"),
        # What the chart's probes, ports and volumes rely on.
        *("LISTEN", "METRICS_LISTEN", "SPOOL_DIRECTORY"),
        # Of no use to several pods: there is an object store, and nothing is kept on a pod.
        *("BLOBS_DIRECTORY", "CREDENTIALS_FILE"),
        # From the image.
        "REVISION",
    }
)


def environment(rendered: Rendered, container: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for source in container.get("envFrom", []):
        name = source["configMapRef"]["name"]
        (settings,) = (
            one
            for one in rendered.objects
            if one["kind"] == "ConfigMap" and one["metadata"]["name"] == name
        )
        found |= settings["data"]
    return found | {one["name"]: one["value"] for one in container["env"] if "value" in one}


def told(rendered: Rendered, pod: Any, container: Any, folder: Path) -> Settings:
    """Return what the container's program reads, with its volume of Secrets in *folder*."""
    folder.mkdir(exist_ok=True)
    (secrets,) = (one for one in pod["spec"]["volumes"] if one["name"] == "secrets")
    for source in secrets["projected"]["sources"]:
        for item in source["secret"]["items"]:
            assert source["secret"]["name"]
            (folder / item["path"]).write_text(_ADDRESSES.get(item["path"], "secret"))
    variables = environment(rendered, container)
    for name, value in variables.items():
        if name.endswith("_FILE"):
            assert Path(value.replace(_MOUNT, str(folder))).exists(), name
    return read_settings({k: v.replace(_MOUNT, str(folder)) for k, v in variables.items()})


def test_every_pod_is_told_all_that_it_must_know(example: Rendered, tmp_path: Path) -> None:
    read = 0
    for name, pod in example.pods():
        if name.endswith("-gateway") or name.startswith("StatefulSet/"):
            continue
        for number, container in enumerate(containers(pod)):
            folder = tmp_path / f"{name.replace('/', '-')}-{number}"
            settings = told(example, pod, container, folder)
            assert isinstance(settings.blobs, S3Settings)
            assert settings.log_format == "json"
            assert settings.limits.spool == Path("/var/spool/wheelyard")
            read += 1
    assert read >= 6


def test_every_setting_can_be_made_in_the_chart(chart: Chart) -> None:
    keys = chart.run("show", "values", str(CHART)).stdout
    (section,) = re.findall(r"^config:\n((?:  .*\n)+)", keys, re.MULTILINE)
    names = {
        re.sub(r"(?<=[a-z])([A-Z])", r"_\1", key).upper()
        for key in re.findall(r"^  (\w+):", section, re.MULTILINE)
    }

    assert names == {name.removeprefix("WHEELYARD_") for name in SETTINGS} - _ELSEWHERE, (
        "a new setting gets a key in `config` of values.yaml and values.schema.json"
    )


def test_certificates_and_roles_of_ones_own_arrive(
    examples: dict[str, Rendered], tmp_path: Path
) -> None:
    pods = dict(examples["ha"].pods())
    (migrate,) = (pod for name, pod in pods.items() if name.startswith("Job/"))
    api = pods["Deployment/yard-wheelyard-api"]

    ours = told(examples["ha"], api, api["spec"]["containers"][0], tmp_path / "api")
    owner = told(examples["ha"], migrate, migrate["spec"]["containers"][0], tmp_path / "migrate")

    assert ours.database.url == (
        "postgresql+psycopg://wheelyard@db-rw.example.com:5432/wheelyard"
        f"?sslmode=verify-full&sslrootcert={tmp_path}/api/database-ca.crt"
    )
    assert owner.database.url.startswith(
        "postgresql+psycopg://wheelyard_owner@db-direct.example.com:5433/wheelyard?"
    )
    assert owner.database.password_file == tmp_path / "migrate" / "migration-password"
    assert ours.broker.url == (
        "rediss://wheelyard:secret@broker.example.com:6379/0"
        f"?ssl_cert_reqs=required&ssl_ca_certs={tmp_path}/api/broker-ca.crt"
    )


@pytest.mark.parametrize(
    ("sets", "address"),
    [
        (
            {
                "existingSecretUriKey": "uri",
                "migration": {"host": "direct", "user": "owner", "existingSecret": "owner"},
            },
            "owner@direct:5432",
        ),
        ({"migration": {"port": 5433}}, "wheelyard@db.example.com:5433"),
        ({"existingSecretUriKey": "uri"}, "yard:secret@db:5432"),
    ],
    ids=["uri", "port", "same"],
)
def test_the_migration_goes_where_it_is_told_to(
    sets: dict[str, Any], address: str, chart: Chart, tmp_path: Path
) -> None:
    told_ = [f"externalDatabase.{key}={json.dumps(value)}" for key, value in sets.items()]
    rendered = chart.render("default", sets=told_)
    (migrate,) = (pod for name, pod in rendered.pods() if name.startswith("Job/"))

    owner = told(rendered, migrate, migrate["spec"]["containers"][0], tmp_path / "migrate")

    assert f"//{address}/" in owner.database.url


def test_pods_that_trace_are_told_where_to_and_who_they_are(
    examples: dict[str, Rendered], tmp_path: Path
) -> None:
    pods = dict(examples["full"].pods())
    for name in ("api", "indexer", "worker-verify", "worker-index"):
        pod = pods[f"Deployment/yard-wheelyard-{name}"]
        container = pod["spec"]["containers"][0]

        settings = told(examples["full"], pod, container, tmp_path / name)

        assert settings.tracing == ("http://collector.monitoring.svc:4318", 0.25)
        attributes = environment(examples["full"], container)["OTEL_RESOURCE_ATTRIBUTES"]
        known = {one["name"] for one in container["env"] if "valueFrom" in one}
        assert set(re.findall(r"\$\((\w+)\)", attributes)) == known


@pytest.mark.parametrize("ratio", [0.00001, 0.0123456789, 0.05, 0, 1])
def test_a_share_of_traces_arrives_however_small(
    ratio: float, chart: Chart, tmp_path: Path
) -> None:
    rendered = chart.render("full", sets=[f"tracing.sampleRatio={ratio:.10f}"])
    pod = dict(rendered.pods())["Deployment/yard-wheelyard-api"]

    settings = told(rendered, pod, pod["spec"]["containers"][0], tmp_path / "api")

    assert settings.tracing.sample_ratio == pytest.approx(ratio, abs=1e-9)


def test_nothing_is_said_of_traces_where_there_are_none(examples: dict[str, Rendered]) -> None:
    for _, pod in examples["default"].pods():
        for container in containers(pod):
            names = (
                set(environment(examples["default"], container)) if "env" in container else set()
            )
            assert not [name for name in names if "TRACING" in name or "OTEL" in name]


@pytest.mark.parametrize(
    ("key", "value", "name", "text"),
    [
        ("maxFormFields", "1000000", "MAX_FORM_FIELDS", "1000000"),
        ("sweepSeconds", "2.5", "SWEEP_SECONDS", "2.5"),
        ("burnFilenames", "true", "BURN_FILENAMES", "true"),
        (
            "trustedProxies",
            '["10.1.0.0/16", "10.2.0.0/16"]',
            "TRUSTED_PROXIES",
            "10.1.0.0/16,10.2.0.0/16",
        ),
    ],
)
def test_a_setting_arrives_as_it_was_written(
    chart: Chart, key: str, value: str, name: str, text: str
) -> None:
    data = chart.render("default", sets=[f"config.{key}={value}"]).of("ConfigMap")["settings"][
        "data"
    ]

    assert data[f"WHEELYARD_{name}"] == text
