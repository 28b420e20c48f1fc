"""What the workflows may do, and that nobody can change what they run."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
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
