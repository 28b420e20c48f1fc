"""Every hostile archive over HTTP: refused in words, gone without a trace, in bounded memory."""

import re
from collections.abc import Iterator

import pytest
from tests.support import processes
from tests.support.backstage import Backstage
from tests.support.forms import AForm, Answer, ask, basic, post
from tests.support.hostile import HOSTILE, Hostile
from tests.support.seed import SeededProject
from tests.support.wheelyard import Wheelyard

from wheelyard_core.domain.catalogue import UploadStatus

pytestmark = [pytest.mark.e2e, pytest.mark.integration]

_WORKER_MEMORY = 150 << 20
_WEB_MEMORY = 200 << 20


@pytest.fixture(scope="module")
def wheelyard(embedded: Wheelyard) -> Wheelyard:
    return embedded


@pytest.fixture(scope="module")
def behind(wheelyard: Wheelyard) -> Iterator[Backstage]:
    with Backstage(wheelyard) as found:
        yield found


@pytest.fixture(scope="module")
def target(behind: Backstage) -> tuple[SeededProject, str]:
    """One project for all of them: what is refused must leave room for the next one."""
    project = behind.seed.project()
    return project, behind.seed.developer_token(project)


@pytest.fixture(scope="module", autouse=True)
def memory(wheelyard: Wheelyard) -> Iterator[None]:
    """See that no process of the registry ever took more than it may."""
    family = processes.family(wheelyard.processes["wheelyard"].pid)
    for pid in family:
        processes.forget_peak(pid)
    yield
    peaks = [(processes.name(pid), processes.peak_memory(pid)) for pid in family]
    workers = [peak for name, peak in peaks if name == "worker"]
    assert workers
    assert max(workers) < _WORKER_MEMORY, peaks
    assert max(peak for _, peak in peaks) < _WEB_MEMORY, peaks


def refusal(answer: Answer, wheelyard: Wheelyard, token: str) -> list[str]:
    """Return what is wrong: on a busy machine the largest take longer than an answer waits."""
    if answer.status != 202:
        assert answer.status == 400, answer.reason
        assert answer.reason.startswith(answer.problems[0][:60])
        assert answer.reason.isprintable()
        return answer.problems
    place = wheelyard.url + answer.headers["location"]

    def found() -> Answer:
        return ask("GET", place, headers=basic("__token__", token))

    Backstage.until(lambda: found().json["status"] == "rejected", "it is refused", 60)
    errors = found().json["errors"]
    assert isinstance(errors, list)
    return errors


@pytest.mark.parametrize("case", HOSTILE, ids=str)
def test_a_hostile_archive_is_refused_and_leaves_nothing(
    case: Hostile,
    wheelyard: Wheelyard,
    behind: Backstage,
    target: tuple[SeededProject, str],
) -> None:
    project, token = target
    built = case.built
    blobs = behind.blobs()

    answer = post(
        f"{wheelyard.url}/api/v4/projects/{project.id}/packages/pypi", AForm.of(built), token
    )

    # Nothing is no archive of any kind: that is said before a worker sees it.
    sentence = case.sentence if built.size else "The file is empty"
    problems = refusal(answer, wheelyard, token)
    assert any(re.search(sentence, problem) for problem in problems), problems
    assert behind.filenames(project.id) == []
    behind.until(lambda: behind.blobs() <= blobs, "its blob is gone")
    behind.until(lambda: behind.promises() == 0, "nothing is left to do")


def test_refused_uploads_leave_their_verdicts_only(
    behind: Backstage, target: tuple[SeededProject, str]
) -> None:
    project, _ = target
    before = behind.blobs()

    behind.sweep()

    assert behind.blobs() == before
    assert {status for _, status in behind.uploads(project.id)} <= {UploadStatus.REJECTED}
