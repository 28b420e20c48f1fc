"""What an upload costs the database: each commit is a write to the disk that somebody waits for."""

import pytest
from sqlalchemy import Connection, event
from tests.support.distributions import ADistribution
from tests.support.in_process import Yard
from tests.support.seed import SeededProject

from wheelyard_core.adapters.db.unit_of_work import SqlDatabase

pytestmark = pytest.mark.integration


def test_an_upload_costs_six_commits(yard: Yard, project: SeededProject, developer: str) -> None:
    """The intent, the row, the verifier's claim and verdict, the indexer's claim and mark."""
    database = yard.registry.database
    assert isinstance(database, SqlDatabase)
    # The first one notes the use of its token, too, as once a minute.
    yard.must_publish(project.id, developer, ADistribution().wheel())
    commits: list[Connection] = []
    event.listen(database.engine, "commit", commits.append)

    yard.must_publish(project.id, developer, ADistribution().versioned("2.0").wheel())

    assert len(commits) == 6
