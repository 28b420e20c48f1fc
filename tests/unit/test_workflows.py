"""What the workflows may do, and that nobody can change what they run."""

import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
_CORE = "libs/core/pyproject.toml"
_CHART = "charts/wheelyard/Chart.yaml"
_PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*")


def read(workflow: Path) -> Any:
    return yaml.safe_load(workflow.read_text())


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    for workflow in WORKFLOWS:
        for name, job in read(workflow)["jobs"].items():
            yield f"{workflow.name}: {name}", job


JOBS = dict(jobs())


def steps(job: dict[str, Any], action: str = "") -> list[dict[str, Any]]:
    return [step for step in job["steps"] if step.get("uses", "").startswith(action)]


def test_there_are_workflows() -> None:
    assert {workflow.name for workflow in WORKFLOWS} == {"test.yml", "release.yml"}


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda one: one.name)
def test_each_action_is_a_commit_and_says_its_release(workflow: Path) -> None:
    used = re.findall(r"uses:\s*(.+)", workflow.read_text())

    assert [one for one in used if not _PINNED.fullmatch(one)] == []


def test_an_action_is_of_one_commit_everywhere() -> None:
    text = "".join(workflow.read_text() for workflow in WORKFLOWS)
    commits = set(re.findall(r"uses:\s*(\S+)@(\S+)", text))

    assert len({action for action, _ in commits}) == len(commits)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda one: one.name)
def test_a_workflow_may_nothing_that_a_job_does_not_ask_for(workflow: Path) -> None:
    assert read(workflow)["permissions"] == {}


@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)
def test_a_job_says_what_it_may_and_when_it_ends(job: dict[str, Any]) -> None:
    assert job["permissions"]["contents"] == "read"
    assert job["timeout-minutes"] <= 60
    assert re.fullmatch(r"ubuntu-\d\d\.\d\d", job["runs-on"])


def test_only_a_release_may_write_and_only_packages_and_its_signature() -> None:
    writing = {
        name: {what for what, may in job["permissions"].items() if may != "read"}
        for name, job in JOBS.items()
    }

    assert {name: what for name, what in writing.items() if what} == {
        "release.yml: image": {"packages", "id-token"},
        "release.yml: chart": {"packages", "id-token"},
    }


@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)
def test_no_credentials_stay_in_the_working_folder(job: dict[str, Any]) -> None:
    (checkout,) = steps(job, "actions/checkout@")

    assert checkout["with"]["persist-credentials"] is False


@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)
def test_no_text_from_outside_becomes_part_of_a_script(job: dict[str, Any]) -> None:
    assert [step["run"] for step in job["steps"] if "${{" in step.get("run", "")] == []


def test_every_make_target_that_a_workflow_runs_exists() -> None:
    targets = re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for workflow in WORKFLOWS:
        for target in re.findall(r"\bmake ([a-z-]+)", workflow.read_text()):
            assert target in targets, f"{workflow.name} runs make {target}"


def _released(tag: str, folder: Path, **instead: str) -> subprocess.CompletedProcess[str]:
    """Ask for *tag*, with lines of Chart.yaml *instead* of ours."""
    for name in ("scripts/release-version", _CORE, _CHART):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    for field, value in instead.items():
        text = (folder / _CHART).read_text()
        (folder / _CHART).write_text(re.sub(f"(?m)^{field}: .*", f"{field}: {value}", text))
    script = folder / "scripts" / "release-version"
    return subprocess.run([script, tag], capture_output=True, text=True, timeout=30, check=False)


def test_the_next_tag_finds_one_version_everywhere(tmp_path: Path) -> None:
    version = tomllib.loads((ROOT / _CORE).read_text())["project"]["version"]

    assert _released(f"v{version}", tmp_path).returncode == 0


@pytest.mark.parametrize("field", ["version", "appVersion"])
def test_a_release_without_a_chart_of_its_version_is_refused(field: str, tmp_path: Path) -> None:
    version = tomllib.loads((ROOT / _CORE).read_text())["project"]["version"]

    done = _released(f"v{version}", tmp_path, **{field: "0.0.9"})

    assert done.returncode == 1
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith(f'{_CHART}: {field} is "0.0.9", and the tag is v{version}: one tag')


def test_a_tag_of_another_version_is_refused(tmp_path: Path) -> None:
    done = _released("v9.9.9", tmp_path)

    assert done.returncode == 1
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == [_CORE, _CHART, _CHART]


def test_a_release_asks_for_its_versions_before_anything_is_pushed() -> None:
    job = JOBS["release.yml: image"]
    asks = [number for number, step in enumerate(job["steps"]) if "release-version" in str(step)]
    pushes = [number for number, step in enumerate(job["steps"]) if "push=true" in str(step)]

    assert (len(asks), len(pushes)) == (1, 1)
    assert asks < pushes


def test_the_chart_of_a_release_names_the_image_that_was_pushed() -> None:
    packaging = [
        step for step in JOBS["release.yml: chart"]["steps"] if "chart-package" in str(step)
    ]

    assert [step["env"]["IMAGE"] for step in packaging] == ["${{ needs.image.outputs.image }}"]
    assert JOBS["release.yml: image"]["outputs"]["image"] == "${{ steps.facts.outputs.image }}"
