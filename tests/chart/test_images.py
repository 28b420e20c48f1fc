"""Which image a container runs: of the chart, of a mirror, or of one's own."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.chart import CHART, REPOSITORY, Chart, Rendered, containers

VERSION = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
_ONE = "sha256:" + "1" * 64
_TWO = "sha256:" + "2" * 64


def images(rendered: Rendered) -> dict[str, str]:
    """Return the image of each component's main container."""
    return {
        pod["metadata"]["labels"]["app.kubernetes.io/component"]: pod["spec"]["containers"][0][
            "image"
        ]
        for _, pod in rendered.pods()
    }


def rendered_with(chart: Chart, example: str = "default", **sets: Any) -> dict[str, str]:
    told = [f"{key.replace('__', '.')}={json.dumps(value)}" for key, value in sets.items()]
    return images(chart.render(example, sets=told))


def test_a_registry_of_our_own_image_is_not_that_of_others(chart: Chart) -> None:
    found = rendered_with(chart, image__registry="ghcr.io", image__repository="acme/wheelyard")

    assert found["api"].startswith("ghcr.io/acme/wheelyard:")
    assert found["gateway"].startswith("nginxinc/nginx-unprivileged:")


def test_a_registry_of_a_component_is_for_our_image_there(chart: Chart) -> None:
    found = rendered_with(chart, image__registry="ghcr.io", api__image__registry="near.local")

    assert found["api"].startswith("near.local/")
    assert found["indexer"].startswith("ghcr.io/")


def test_a_mirror_has_every_image(chart: Chart) -> None:
    sets = ['global.imageRegistry="mirror.local"', 'image.registry="ghcr.io"']
    rendered = chart.render("dev", sets=[*sets, 'gateway.image.registry="docker.io"'])

    found = {container["image"] for _, pod in rendered.pods() for container in containers(pod)}

    assert len(found) >= 5
    assert {image.partition("/")[0] for image in found} == {"mirror.local"}


@pytest.mark.parametrize(
    ("own", "end"),
    [
        ({}, f"@{_ONE}"),
        ({"tag": "9.9.9"}, ":9.9.9"),
        ({"digest": _TWO}, f"@{_TWO}"),
        ({"tag": "9.9.9", "digest": _TWO}, f"@{_TWO}"),
        ({"repository": "acme/other", "tag": "9.9.9"}, "acme/other:9.9.9"),
    ],
    ids=["neither", "tag", "digest", "both", "repository"],
)
def test_what_a_component_says_of_its_image_counts(
    own: dict[str, str], end: str, chart: Chart
) -> None:
    found = rendered_with(chart, image__digest=_ONE, api__image=own)

    assert found["api"].endswith(end)
    assert found["indexer"].endswith(f"@{_ONE}")


def test_a_released_chart_names_the_image_of_its_release(chart: Chart, tmp_path: Path) -> None:
    helm = Path(chart.helm.path).parent
    environment = {"PATH": f"{helm}:/usr/bin:/bin", "IMAGE": "ghcr.io/acme/yard"}
    script = REPOSITORY / "scripts" / "chart-package"

    subprocess.run([script, tmp_path], env=environment, capture_output=True, timeout=60, check=True)

    (package,) = tmp_path.iterdir()
    released = images(Chart(chart.helm, package).render("default"))
    ours = images(chart.render("default"))
    assert released.pop("gateway") == ours.pop("gateway")
    assert set(released.values()) == {f"ghcr.io/acme/yard:{VERSION}"}
    assert set(ours.values()) == {f"wheelyard/wheelyard:{VERSION}"}
