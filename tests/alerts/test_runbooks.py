"""Each alert has a runbook, which says what the rule says and names only what exists."""

import json
import re
import subprocess
from pathlib import Path

import click
import pytest
from tests.alerts.queries import complaints
from tests.alerts.rules import ALERTS, ROOT, Alert, expressions

from wheelyard_api.admin.__main__ import main as admin

FOLDER = ROOT / "docs" / "runbooks"
PAGES = [FOLDER / f"{name}.md" for name in ALERTS]
SECTIONS = ["Meaning", "Impact", "Look", "Mitigate", "Escalate", "Test"]


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    assert {page.stem for page in FOLDER.glob("*.md")} == {*ALERTS, "README"}


@pytest.mark.parametrize("alert", ALERTS.values(), ids=lambda alert: alert.name)
def test_a_runbook_has_the_numbers_of_its_rule(alert: Alert) -> None:
    address = alert.annotations["runbook_url"]
    text = (ROOT / address).read_text()

    when = "at once" if alert.after == "0m" else f"after `{alert.after}`"
    head = f"# {alert.name}\n\n`{alert.severity}`, {when} of\n\n```promql\n{alert.expr}\n```\n"
    assert text.startswith(head)
    assert address == f"docs/runbooks/{alert.name}.md"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_runbook_has_six_sections_and_says_something_in_each(page: Path) -> None:
    parts = re.split(r"^## (.+)$", page.read_text(), flags=re.MULTILINE)[1:]

    assert parts[::2] == SECTIONS
    assert all(len(text.split()) >= 2 for text in parts[1::2])
    assert "```" in parts[5], "Look has no command and no query"


def test_the_list_of_runbooks_has_each_with_its_severity() -> None:
    listed = re.findall(
        r"^- \[(\w+)\]\((\w+)\.md\): `(\w+)`\.", (FOLDER / "README.md").read_text(), re.MULTILINE
    )

    assert listed == [(name, name, alert.severity) for name, alert in ALERTS.items()]


def queries() -> dict[str, str]:
    """Return the queries of all runbooks, by where they are."""
    found = {}
    for page in PAGES:
        blocks = re.findall(r"^```promql\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
        for block in blocks[1:]:
            for number, line in enumerate(block.splitlines()):
                found[f"{page.stem}/{number}/{line[:20]}"] = line
    return found


@pytest.mark.parametrize(("where", "query"), (expressions() | queries()).items())
def test_a_query_asks_only_for_what_is_shown(where: str, query: str) -> None:
    assert complaints(query) == [], where


def test_a_query_that_asks_for_what_nobody_shows_is_found() -> None:
    assert complaints("max(wheelyard_nothing) > 1") == ["no metric wheelyard_nothing"]
    assert complaints('wheelyard_outbox_pending{task="x"}') == [
        "wheelyard_outbox_pending has no label task"
    ]
    assert complaints('rate(wheelyard_tasks_total{outcome=~"failure|lost"}[5m])') == [
        "wheelyard_tasks_total: outcome is never lost"
    ]


def test_promtool_parses_the_queries_of_runbooks(promtool: str, tmp_path: Path) -> None:
    rules = [
        {"record": f"query:{number}", "expr": query}
        for number, query in enumerate(queries().values())
    ]
    file = tmp_path / "queries.json"
    file.write_text(json.dumps({"groups": [{"name": "queries", "rules": rules}]}))

    done = subprocess.run(
        [promtool, "check", "rules", "--lint=none", str(file)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_command_of_ours_exists_with_its_options(page: Path) -> None:
    for line in re.findall(r"wheelyard-admin ([a-z][^`\n#|]*)", page.read_text()):
        command: click.Command = admin
        for word in line.split():
            where = f"{page.stem}: wheelyard-admin {line}"
            if isinstance(command, click.Group):
                assert word in command.commands, where
                command = command.commands[word]
            elif word.startswith("--"):
                options = {option for given in command.params for option in given.opts}
                assert word.partition("=")[0] in options, where


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_kubectl_reads_whole_logs_and_patches_by_name(page: Path) -> None:
    # With a selector `logs` shows ten lines of a pod unless told otherwise; `patch` takes none.
    for line in re.findall(r"kubectl [^`\n|]* -l [^`\n|]*", page.read_text()):
        assert " logs " not in line or " --tail=" in line, line
        assert " patch " not in line, line
