"""Alerts that fire for real: a running Wheelyard is broken, and a real Prometheus notices.

Only the waiting is shortened (`for`); what is old is made old in the database.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from sqlalchemy import text, update
from tests.alerts.drill import Drill, frozen, table, wheels
from tests.alerts.rules import FILES
from tests.support.backstage import Backstage
from tests.support.scraping import metrics_ports
from tests.support.servers.finding import Machine, Missing, Source
from tests.support.servers.prometheus import Prometheus
from tests.support.servers.redis import RedisServer
from tests.support.servers.report import without
from tests.support.wheelyard import start_distributed

from wheelyard_core.adapters.db.models import OutboxMessage
from wheelyard_core.domain.work import Task

pytestmark = [pytest.mark.drill, pytest.mark.timeout(600)]

# Nobody makes backups here, which is what it says.
AT_REST = {"WheelyardBackupAbsent"}


def _hasty_rules(folder: Path) -> list[Path]:
    """Copy the rules, with two seconds for each `for`."""
    copies = []
    for file in FILES:
        content = yaml.safe_load(file.read_text())
        for group in content["groups"]:
            for rule in group["rules"]:
                if "for" in rule:
                    rule["for"] = "2s"
        copies.append(folder / f"{file.stem}.json")
        copies[-1].write_text(json.dumps(content))
    return copies


@pytest.fixture(scope="module")
def drill(
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
    machine: Machine,
    redis_source: Source,
) -> Iterator[Drill]:
    program = shutil.which("prometheus")
    if program is None:
        without(Missing("prometheus", ["on PATH"]), required=machine.requires_all)
    folder = tmp_path_factory.mktemp("drill")
    blobs = folder / "blobs"
    blobs.mkdir()
    with ExitStack() as stack:
        redis = stack.enter_context(
            RedisServer(redis_source, options={"maxmemory-policy": "noeviction"})
        )
        settings = {
            "WHEELYARD_DATABASE_URL": f"sqlite:///{folder}/w.db",
            "WHEELYARD_BLOBS_DIRECTORY": str(blobs),
            "WHEELYARD_BROKER_URL": redis.url,
            "WHEELYARD_CACHE_URL": redis.url.replace("/0", "/1"),
        }
        wheelyard = start_distributed(folder / "run", settings)
        stack.callback(wheelyard.stop)
        backstage = stack.enter_context(Backstage(wheelyard))
        prometheus = stack.enter_context(
            Prometheus(program, metrics_ports(wheelyard), _hasty_rules(folder))
        )
        made = Drill(wheelyard, prometheus, redis, blobs, backstage)
        prometheus.wait_until(lambda it: len(it.query("up == 1")) == len(wheelyard.processes), 60)
        yield made
    capture = pytestconfig.pluginmanager.get_plugin("capturemanager")
    assert capture is not None
    with capture.global_and_fixture_disabled():
        print("", *table(made.seen), sep="\n")  # noqa: T201  it is what the drill is for


def _age(drill: Drill) -> None:
    """Have all work promised twenty minutes earlier."""
    registry = drill.backstage.registry
    with registry.database.begin() as uow:
        uow.session.execute(
            update(OutboxMessage).values(created_at=registry.now() - timedelta(minutes=20))
        )
        uow.commit()


def test_nothing_fires_while_all_is_well(drill: Drill) -> None:
    assert drill.publish(*wheels("calm", 3)) == [201] * 3
    assert drill.get("simple/calm/", 20) == {200}
    drill.prometheus.wait_until(lambda it: it.alerts().keys() >= AT_REST, 60)
    drill.prometheus.wait_until(lambda it: len(it.query("wheelyard:slo:bad_ratio_rate5m")) > 3, 60)

    assert drill.prometheus.alerts().keys() == AT_REST


def test_workers_that_stand_still_leave_work_undone_and_files_late(drill: Drill) -> None:
    workers = [drill.wheelyard.processes[name] for name in ("worker", "index-worker")]
    with frozen(*workers):
        with drill.fault("workers stopped (SIGSTOP)", "WheelyardWorkersSilent"):
            pass
        with drill.fault("files published meanwhile", "WheelyardOutboxStuck"):
            assert drill.publish(*wheels("late", 8)) == [202] * 8
            _age(drill)
    with drill.fault("workers go on", "WheelyardPublishLatencyBurn"):
        pass
    drill.healed("WheelyardWorkersSilent", "WheelyardOutboxStuck")


def test_pages_that_nobody_makes_are_stale(drill: Drill) -> None:
    with (
        frozen(drill.wheelyard.processes["index-worker"]),
        drill.fault("index worker stopped, files published", "WheelyardIndexStale"),
    ):
        assert drill.publish(*wheels("stale", 1)) == [202]
        _age(drill)
    drill.healed("WheelyardIndexStale", "WheelyardWorkersSilent")


def test_work_that_cannot_be_done_fails_again_and_again_and_is_set_aside(drill: Drill) -> None:
    alerts = ("WheelyardTaskFailureRatio", "WheelyardTaskRedeliveries", "WheelyardTaskQuarantined")
    with (
        drill.fault("30 poison rows in the outbox", *alerts),
        drill.backstage.registry.database.begin() as uow,
    ):
        for _ in range(30):
            uow.outbox.promise(Task.DISCARD, nonsense=1)
        uow.commit()
    with drill.backstage.registry.database.begin() as uow:
        uow.session.execute(text("DELETE FROM outbox"))
        uow.commit()
    drill.healed("WheelyardTaskQuarantined")


def test_guessing_is_noticed(drill: Drill) -> None:
    with drill.fault("700 requests with a wrong token", "WheelyardAuthFailureSpike"):
        assert drill.get("simple/calm/", 700, "wyp_0123456789012345678901234567") == {401}


def test_a_store_that_is_gone_breaks_uploads_and_downloads(drill: Drill) -> None:
    away = drill.blobs.rename(drill.blobs.with_name("away"))
    # A file where the folder was: it cannot be made anew.
    drill.blobs.write_text("")
    alerts = ("WheelyardStorageErrors", "WheelyardUploadErrorBudgetBurn")
    try:
        with drill.fault("the blobs' folder taken away", *alerts):
            assert set(drill.publish(*wheels("broken", 8))) == {503}
    finally:
        drill.blobs.unlink()
        away.rename(drill.blobs)
    assert drill.publish(*wheels("mended", 1)) == [201]


def test_a_schema_that_is_behind_is_noticed(drill: Drill) -> None:
    database = drill.backstage.registry.database
    with database.begin() as uow:
        (revision,) = uow.session.scalars(text("SELECT version_num FROM alembic_version")).all()
        uow.session.execute(text("DELETE FROM alembic_version"))
        with drill.fault("the schema's version deleted", "WheelyardSchemaIncompatible"):
            uow.commit()
    with database.begin() as uow:
        insert = text("INSERT INTO alembic_version VALUES (:revision)")
        uow.session.execute(insert, {"revision": revision})
        uow.commit()
    drill.healed("WheelyardSchemaIncompatible")


def test_redis_that_is_gone_is_noticed_as_broker_and_as_cache(drill: Drill) -> None:
    alerts = ("WheelyardBrokerUnreachable", "WheelyardCacheErrors")
    drill.redis.kill()
    with drill.fault("Redis killed", *alerts):
        assert drill.get("simple/calm/", 60) == {200}
    drill.redis.start()
    drill.healed("WheelyardBrokerUnreachable")


def test_a_scheduler_that_is_gone_leaves_nobody_who_watches(drill: Drill) -> None:
    alerts = ("WheelyardOutboxMetricAbsent", "WheelyardServiceAbsent")
    with drill.fault("scheduler killed", *alerts):
        drill.wheelyard.processes["scheduler"].kill()
    drill.wheelyard.processes["scheduler"].start()
