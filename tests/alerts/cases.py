"""When each alert must fire, to the minute, and when it must not."""

from tests.alerts import burning
from tests.alerts.case import Case, Fires, Series, Silent

_LONG = 400


def gauge(value: float) -> str:
    return f"{value}x{_LONG}"


def aged(seconds: int) -> str:
    """A time that is always so long ago."""
    return f"{-seconds}+60x{_LONG}"


def per_minute(count: float) -> str:
    return f"0+{count}x{_LONG}"


def running(*services: str) -> Series:
    return {f'wheelyard_build_info{{service="{service}"}}': gauge(1) for service in services}


_APART = ("api", "indexer", "scheduler")

USER_VISIBLE: list[Case] = [
    *burning.CASES,
    *(
        Fires(
            "WheelyardServiceAbsent",
            running(*(service for service in _APART if service != missing)),
            2,
            {"service": missing},
        )
        for missing in _APART
    ),
    Fires("WheelyardServiceAbsent", running("standalone"), 2, {"service": "scheduler"}),
    Silent("WheelyardServiceAbsent", running(*_APART)),
    Silent("WheelyardServiceAbsent", running("standalone", "scheduler")),
]


def limit(
    alert: str, metric: str, above: str, below: str, at: int, labels: dict[str, str] | None = None
) -> list[Case]:
    """A metric on either side of a threshold."""
    named = ",".join(f'{key}="{value}"' for key, value in (labels or {}).items())
    series = f"{metric}{{{named}}}" if named else metric
    return [Fires(alert, {series: above}, at, labels or {}), Silent(alert, {series: below})]


_TASKS = "wheelyard_tasks_total"
_FAILED = f'{_TASKS}{{task="verify",outcome="failure"}}'
_TIMED_OUT = f'{_TASKS}{{task="verify",outcome="timeout"}}'
_DONE = f'{_TASKS}{{task="verify",outcome="success"}}'
_VERIFY = {"task": "verify"}
_READY = 'wheelyard_queue_messages{queue="verify",state="ready"}'
_QUEUE = {"queue": "verify"}
_BEAT = "wheelyard_worker_heartbeat_timestamp_seconds"
_QUEUES = ("verify", "index", "maintenance")
_TICK = "wheelyard_beat_last_tick_timestamp_seconds"
_JOB = {"job_name": "sweep_outbox"}
_SUCCESS = 'wheelyard_scheduled_job_last_success_timestamp_seconds{job_name="sweep_outbox"}'
_INTERVAL = 'wheelyard_scheduled_job_interval_seconds{job_name="sweep_outbox"}'


def waits(up_to_30: int, up_to_60: int) -> Series:
    """Of a hundred pieces of work a minute, how many waited how long at most; all at most 120 s."""
    counts = {"30.0": up_to_30, "60.0": up_to_60, "120.0": 100, "+Inf": 100}
    name = "wheelyard_task_queue_wait_seconds_bucket"
    return {
        f'{name}{{queue="verify",le="{le}"}}': per_minute(count) for le, count in counts.items()
    }


def beats(others: Series) -> Series:
    """Return the signs of life of a worker of each queue: fresh ones but for *others*."""
    of_queues = dict.fromkeys(_QUEUES, aged(5)) | dict(others)
    return {f'{_BEAT}{{queue="{queue}"}}': values for queue, values in of_queues.items()}


PUBLISH: list[Case] = [
    *limit(
        "WheelyardSyntheticInstallFailing",
        "wheelyard_synthetic_last_success_timestamp_seconds",
        aged(901),
        aged(899),
        0,
    ),
    *limit(
        "WheelyardOutboxStuck", "wheelyard_outbox_oldest_age_seconds", gauge(901), gauge(900), 5
    ),
    Fires("WheelyardOutboxMetricAbsent", {}, 10),
    Silent("WheelyardOutboxMetricAbsent", {"wheelyard_outbox_oldest_age_seconds": gauge(0)}),
    *limit("WheelyardIndexStale", "wheelyard_index_staleness_seconds", gauge(121), gauge(120), 5),
    *limit("WheelyardTaskQuarantined", "wheelyard_outbox_set_aside", gauge(1), gauge(0), 0),
    Fires(
        "WheelyardTaskFailureRatio", {_FAILED: per_minute(51), _DONE: per_minute(949)}, 11, _VERIFY
    ),
    Fires("WheelyardTaskFailureRatio", {_TIMED_OUT: per_minute(2.2)}, 20, _VERIFY),
    Silent("WheelyardTaskFailureRatio", {_FAILED: per_minute(49), _DONE: per_minute(951)}),
    Silent("WheelyardTaskFailureRatio", {_FAILED: per_minute(1.9)}, what="too few to tell"),
    *limit(
        "WheelyardTaskRedeliveries",
        "wheelyard_task_redeliveries_total",
        per_minute(3.1),
        per_minute(2.9),
        30,
        _VERIFY,
    ),
    Fires("WheelyardQueueWaitHigh", waits(80, 94), 11, _QUEUE),
    Silent("WheelyardQueueWaitHigh", waits(90, 96)),
    Fires("WheelyardQueueBacklogGrowing", {_READY: f"101+0.01x{_LONG}"}, 21, _QUEUE),
    Silent("WheelyardQueueBacklogGrowing", {_READY: f"90+0.05x{_LONG}"}),
    Silent("WheelyardQueueBacklogGrowing", {_READY: gauge(150)}, what="deep and no deeper"),
    Silent(
        "WheelyardQueueBacklogGrowing",
        {_READY.replace("ready", "unacked"): f"101+1x{_LONG}"},
        what="at work",
    ),
    *limit(
        "WheelyardUnackedStuck",
        "wheelyard_queue_oldest_unacked_age_seconds",
        gauge(1201),
        gauge(1200),
        15,
        _QUEUE,
    ),
    *(
        case
        for queue in _QUEUES
        for case in (
            Fires(
                "WheelyardWorkersSilent",
                beats({queue: aged(121)}),
                2,
                {"queue": queue},
                what="stuck",
            ),
            Fires("WheelyardWorkersSilent", beats({queue: "_"}), 2, {"queue": queue}, what="gone"),
        )
    ),
    Silent("WheelyardWorkersSilent", beats(dict.fromkeys(_QUEUES, aged(119)))),
    Silent(
        "WheelyardWorkersSilent",
        {**beats({}), f'{_BEAT}{{queue="verify",instance="b"}}': gauge(0)},
        what="one of two",
    ),
    *limit("WheelyardSchedulerStalled", _TICK, aged(181), aged(179), 1),
    Fires("WheelyardScheduledJobStale", {_SUCCESS: aged(301), _INTERVAL: gauge(60)}, 5, _JOB),
    Fires("WheelyardScheduledJobStale", {_INTERVAL: gauge(60)}, 5, _JOB, what="never"),
    Silent("WheelyardScheduledJobStale", {_SUCCESS: aged(299), _INTERVAL: gauge(60)}),
    Fires("WheelyardBrokerUnreachable", {_TICK: aged(179)}, 2),
    Silent("WheelyardBrokerUnreachable", {_TICK: aged(5), _READY: gauge(0)}),
    Silent("WheelyardBrokerUnreachable", {_TICK: aged(181)}, what="nobody looks"),
]

_MISSING = 'wheelyard_reconcile_objects{state="missing"}'
_CORRUPT = 'wheelyard_reconcile_objects{state="corrupt"}'
_ORPHAN = 'wheelyard_reconcile_objects{state="orphan"}'
_VERIFIED = "wheelyard_reconcile_verified_objects"
_DELETED = "wheelyard_gc_deleted_objects_total"
_BUCKET = {"target": "bucket"}
_SIZE = 'wheelyard_backup_last_size_bytes{target="bucket"}'


def a_day_and_then(before: int, after: int) -> str:
    """In steps of ten minutes."""
    return f"{before}x143 {after}x30"


DATA: list[Case] = [
    Fires("WheelyardFilesMissingOrCorrupt", {_MISSING: gauge(1)}, 0, {"state": "missing"}),
    Fires("WheelyardFilesMissingOrCorrupt", {_CORRUPT: gauge(1)}, 0, {"state": "corrupt"}),
    Silent(
        "WheelyardFilesMissingOrCorrupt",
        {_MISSING: gauge(0), _CORRUPT: gauge(0), _ORPHAN: gauge(9)},
    ),
    *limit(
        "WheelyardReconcileStale",
        "wheelyard_reconcile_last_success_timestamp_seconds",
        aged(172_801),
        aged(172_799),
        10,
    ),
    Fires("WheelyardReconcileShrunk", {_VERIFIED: a_day_and_then(1000, 899)}, 1440, step=10),
    Silent("WheelyardReconcileShrunk", {_VERIFIED: a_day_and_then(1000, 901)}, 1700, 10),
    Fires(
        "WheelyardGCDeletesTooMuch",
        {_DELETED: per_minute(2.05), "wheelyard_files": gauge(6000)},
        59,
    ),
    Fires(
        "WheelyardGCDeletesTooMuch", {_DELETED: per_minute(1.75), "wheelyard_files": gauge(100)}, 58
    ),
    Silent(
        "WheelyardGCDeletesTooMuch", {_DELETED: per_minute(1.95), "wheelyard_files": gauge(6000)}
    ),
    Silent("WheelyardGCDeletesTooMuch", {_DELETED: per_minute(1.6), "wheelyard_files": gauge(100)}),
    Fires("WheelyardOrphansGrowing", {_ORPHAN: f"1001+0.1x{_LONG}"}, 130, step=10),
    Silent("WheelyardOrphansGrowing", {_ORPHAN: f"950+0.1x{_LONG}"}, 600, 10),
    Silent("WheelyardOrphansGrowing", {_ORPHAN: gauge(1500)}, 600, 10, what="no more than before"),
    *limit(
        "WheelyardBackupStale",
        "wheelyard_backup_last_success_timestamp_seconds",
        aged(93_601),
        aged(93_599),
        15,
        _BUCKET,
    ),
    Fires("WheelyardBackupAbsent", {}, 60),
    Silent(
        "WheelyardBackupAbsent",
        {'wheelyard_backup_last_success_timestamp_seconds{target="database"}': aged(5)},
    ),
    Fires("WheelyardBackupTooSmall", {_SIZE: a_day_and_then(1000, 499)}, 1440, _BUCKET, 10),
    Silent("WheelyardBackupTooSmall", {_SIZE: a_day_and_then(1000, 501)}, 1700, 10),
    *limit(
        "WheelyardRestoreDrillStale",
        "wheelyard_restore_drill_last_success_timestamp_seconds",
        aged(3_024_001),
        aged(3_023_999),
        60,
    ),
]


def pool(checked_out: int) -> Series:
    name = 'wheelyard_db_pool_connections{service="api",instance="10.0.0.9:9090"'
    return {
        f'{name},state="checked_out"}}': gauge(checked_out),
        f'{name},state="limit"}}': gauge(100),
    }


def storage(errors: float) -> Series:
    name = 'wheelyard_storage_requests_total{operation="put"'
    return {
        f'{name},result="error"}}': per_minute(errors),
        f'{name},result="ok"}}': per_minute(100 - errors),
    }


def cache(errors: float) -> Series:
    name = 'wheelyard_cache_requests_total{operation="get"'
    return {
        f'{name},result="error"}}': per_minute(errors),
        f'{name},result="hit"}}': per_minute(100 - errors),
    }


def redis_memory(used: float, most: float, job: str = "yard-broker") -> Series:
    at = f'{{job="{job}",instance="redis:9121"}}'
    return {f"redis_memory_used_bytes{at}": gauge(used), f"redis_memory_max_bytes{at}": gauge(most)}


def written(snapshot: int, log: int, job: str = "yard-broker") -> Series:
    at = f'{{job="{job}",instance="redis:9121"}}'
    return {
        f"redis_rdb_last_bgsave_status{at}": gauge(snapshot),
        f"redis_aof_last_write_status{at}": gauge(log),
    }


def connections(count: int, most: int = 100, instance: str = "pg:9187") -> Series:
    at = f'instance="{instance}"'
    return {
        f'pg_stat_activity_count{{{at},state="idle"}}': gauge(count - 10),
        f'pg_stat_activity_count{{{at},state="active"}}': gauge(10),
        f"pg_settings_max_connections{{{at}}}": gauge(most),
    }


def certificate(
    seconds: int, labels: str = 'namespace="yard"', beside: str = 'namespace="yard"'
) -> Series:
    """Return a certificate that ends in so many seconds, and a Wheelyard in a namespace."""
    return {
        f'certmanager_certificate_expiration_timestamp_seconds{{{labels},name="edge"}}': aged(
            -seconds
        ),
        f'wheelyard_build_info{{{beside},service="api"}}': gauge(1),
    }


def job(
    failed: int, succeeded: int | None = None, name: str = "yard-wheelyard-migrate-3"
) -> Series:
    labels = f'namespace="yard",job_name="{name}"'
    series = {f"kube_job_status_failed{{{labels}}}": gauge(failed)}
    if succeeded is not None:
        series[f"kube_job_status_succeeded{{{labels}}}"] = gauge(succeeded)
    return series


_REDIS = {"instance": "redis:9121"}
_JOB_OF = {"namespace": "yard", "job_name": "yard-wheelyard-migrate-3"}
_EVICTED = 'redis_evicted_keys_total{job="yard-broker",instance="redis:9121"}'
_CERTIFICATE = {"namespace": "yard", "name": "edge"}
# As a scrape shows it that does not honour the labels of cert-manager, as its chart makes one.
_RENAMED = 'namespace="cert-manager",exported_namespace="yard"'
_DB_ERRORS = "wheelyard_db_errors_total"

DEPENDENCIES: list[Case] = [
    Fires(
        "WheelyardDatabasePoolSaturated",
        pool(91),
        5,
        {"service": "api", "instance": "10.0.0.9:9090"},
    ),
    Silent("WheelyardDatabasePoolSaturated", pool(90)),
    Fires(
        "WheelyardDatabaseConnectionsHigh",
        {**connections(86), **connections(86, 1000, "other:9187")},
        5,
        {"instance": "pg:9187"},
    ),
    Silent("WheelyardDatabaseConnectionsHigh", connections(84)),
    Silent(
        "WheelyardDatabaseConnectionsHigh",
        {**connections(50), **connections(50, instance="other:9187")},
        what="two servers, half full",
    ),
    Fires(
        "WheelyardDatabaseReadOnly",
        {f'{_DB_ERRORS}{{service="api",class="read_only"}}': per_minute(1)},
        2,
        {"service": "api"},
    ),
    Silent(
        "WheelyardDatabaseReadOnly",
        {
            f'{_DB_ERRORS}{{service="api",class="read_only"}}': gauge(0),
            f'{_DB_ERRORS}{{service="api",class="timeout"}}': per_minute(60),
        },
    ),
    *limit(
        "WheelyardSchemaIncompatible",
        "wheelyard_schema_compatible",
        gauge(0),
        gauge(1),
        5,
        {"service": "indexer"},
    ),
    Fires("WheelyardMigrationFailed", job(1), 0, _JOB_OF),
    Fires("WheelyardMigrationFailed", job(1, succeeded=0), 0, _JOB_OF),
    Silent("WheelyardMigrationFailed", job(2, succeeded=1), what="at the third try"),
    Silent("WheelyardMigrationFailed", job(0)),
    Silent("WheelyardMigrationFailed", job(1, name="other-migrate-3"), what="somebody else's"),
    Fires("WheelyardStorageErrors", storage(2.1), 6, {"operation": "put"}),
    Silent("WheelyardStorageErrors", storage(1.9)),
    Fires("WheelyardCacheErrors", cache(5.1), 6),
    Silent("WheelyardCacheErrors", cache(4.9)),
    Fires("WheelyardBrokerMemoryHigh", redis_memory(81, 100), 10, _REDIS),
    Fires("WheelyardBrokerMemoryHigh", redis_memory(3.3, 4), 10, _REDIS),
    Silent("WheelyardBrokerMemoryHigh", redis_memory(79, 100)),
    Silent("WheelyardBrokerMemoryHigh", redis_memory(79, 0), what="without a limit"),
    Silent("WheelyardBrokerMemoryHigh", redis_memory(98, 100, "yard-cache"), what="a full cache"),
    Fires("WheelyardBrokerEvicting", {_EVICTED: per_minute(1)}, 1, _REDIS),
    Silent("WheelyardBrokerEvicting", {_EVICTED: gauge(7)}, what="long ago"),
    Silent("WheelyardBrokerEvicting", {_EVICTED.replace("broker", "cache"): per_minute(9)}),
    Fires("WheelyardBrokerPersistenceFailing", written(0, 1), 5, _REDIS),
    Fires("WheelyardBrokerPersistenceFailing", written(1, 0), 5, _REDIS),
    Silent("WheelyardBrokerPersistenceFailing", written(1, 1)),
    Silent("WheelyardBrokerPersistenceFailing", written(0, 0, "other"), what="somebody else's"),
    *(
        case
        for alert, seconds in (
            ("WheelyardCertificateExpiring", 1_209_600),
            ("WheelyardCertificateExpiringSoon", 259_200),
        )
        for case in (
            Fires(alert, certificate(seconds - 1), 60, _CERTIFICATE),
            Fires(alert, certificate(seconds - 1, _RENAMED), 60, _CERTIFICATE),
            Silent(alert, certificate(seconds + 1)),
            Silent(alert, certificate(1, beside='namespace="other"'), what="somebody else's"),
        )
    ),
]

_POD = {"pod": "yard-wheelyard-api-7", "container": "api"}
_OF_POD = '{pod="yard-wheelyard-api-7",container="api"}'
_RESTARTS = f"kube_pod_container_status_restarts_total{_OF_POD}"
_REASON = f"kube_pod_container_status_last_terminated_reason{_OF_POD[:-1]},reason="
_HPA = '{horizontalpodautoscaler="yard-wheelyard-indexer"}'
_CURRENT = f"kube_horizontalpodautoscaler_status_current_replicas{_HPA}"
_MOST = f"kube_horizontalpodautoscaler_spec_max_replicas{_HPA}"
_AUTH = 'wheelyard_auth_attempts_total{method="token",result="failure"}'
_TARGET = '{job="yard",instance="a:9090"}'
_SAMPLES = f"scrape_samples_scraped{_TARGET}"
_BUILD = f"wheelyard_build_info{_TARGET}"


def releases(*versions: str) -> Series:
    return {
        f'wheelyard_build_info{{version="{version}",revision="x",instance="{n}"}}': gauge(1)
        for n, version in enumerate(versions)
    }


def yesterday_and_today(yesterday: int, today: int) -> Series:
    """Refused credentials in each two minutes."""
    day = yesterday * 730
    return {_AUTH: f"0+{yesterday}x730 {day + today}+{today}x60"}


PLATFORM: list[Case] = [
    Fires("WheelyardPodRestarting", {_RESTARTS: per_minute(3.3 / 60)}, 70, _POD),
    Silent("WheelyardPodRestarting", {_RESTARTS: per_minute(2.9 / 60)}, 300),
    Fires(
        "WheelyardOOMKilled",
        {_RESTARTS: per_minute(1), f'{_REASON}"OOMKilled"}}': gauge(1)},
        1,
        _POD,
    ),
    Silent("WheelyardOOMKilled", {_RESTARTS: gauge(9), f'{_REASON}"OOMKilled"}}': gauge(1)}),
    Silent(
        "WheelyardOOMKilled",
        {
            _RESTARTS: per_minute(1),
            f'{_REASON}"OOMKilled"}}': gauge(0),
            f'{_REASON}"Error"}}': gauge(1),
        },
    ),
    Fires(
        "WheelyardAutoscalerAtMax",
        {_CURRENT: gauge(5), _MOST: gauge(5)},
        30,
        {"horizontalpodautoscaler": "yard-wheelyard-indexer"},
    ),
    Silent("WheelyardAutoscalerAtMax", {_CURRENT: gauge(4), _MOST: gauge(5)}),
    Fires("WheelyardVersionSkew", releases("1.0", "1.1", "1.1"), 60),
    Silent("WheelyardVersionSkew", releases("1.1", "1.1")),
    *limit("WheelyardReadOnlyTooLong", "wheelyard_read_only", gauge(1), gauge(0), 120),
    Fires("WheelyardAuthFailureSpike", yesterday_and_today(24, 252), 1474, step=2),
    Silent("WheelyardAuthFailureSpike", yesterday_and_today(24, 228), 1580, 2),
    Fires("WheelyardAuthFailureSpike", {_AUTH: f"0+132x{_LONG}"}, 16, step=2, what="at first"),
    Silent("WheelyardAuthFailureSpike", {_AUTH: f"0+108x{_LONG}"}, step=2),
    Fires(
        "WheelyardSeriesExplosion", {_SAMPLES: gauge(4001), _BUILD: gauge(1)}, 15, {"job": "yard"}
    ),
    Silent("WheelyardSeriesExplosion", {_SAMPLES: gauge(4000), _BUILD: gauge(1)}),
    Silent("WheelyardSeriesExplosion", {_SAMPLES: gauge(9000)}, what="not one of ours"),
]

CASES: list[Case] = [*USER_VISIBLE, *PUBLISH, *DATA, *DEPENDENCIES, *PLATFORM]
