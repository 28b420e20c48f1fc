import re

from wheelyard_core.observability.catalogue import METRICS, Kind, Part
from wheelyard_core.observability.metrics import Metrics


def _lines(metrics: Metrics) -> list[str]:
    return metrics.exposition().decode().splitlines()


def test_every_label_set_of_a_closed_counter_is_there_from_the_start() -> None:
    lines = _lines(Metrics("x", list(Part)))

    for metric in METRICS.values():
        closed = metric.expected and all(label.values for label in metric.labels)
        if metric.kind is Kind.COUNTER and closed:
            series = [line for line in lines if line.startswith(metric.name + "{")]
            assert len(series) == len(list(metric.label_sets)), metric.name
            assert all(line.endswith(" 0.0") for line in series)


def test_answers_that_are_promised_are_counted_from_the_start() -> None:
    metrics = Metrics("x", [Part.WEB])
    pages, upload = "/<path:reference>/simple/<package>", "/<path:reference>/legacy"
    metrics.expect_requests("indexer", [(pages, "GET"), ("/<path:reference>/provenance", "GET")])
    metrics.expect_requests("api", [(upload, "POST"), ("/api/v4/user", "GET")])

    found = {
        line.partition('route="')[2].partition('"')[0]: line.rpartition(" ")[2]
        for line in _lines(metrics)
        if line.startswith("wheelyard_http_requests_total{") and 'code="500"' in line
    }

    assert found == {pages: "0.0", upload: "0.0"}


def test_a_worker_has_the_tasks_of_its_own_queues() -> None:
    lines = _lines(Metrics("worker", [Part.TASKS], only={"task": ["verify"]}))

    assert 'wheelyard_tasks_total{outcome="success",task="verify"} 0.0' in lines
    assert not [line for line in lines if 'task="index"' in line]


def test_errors_of_the_database_start_at_zero_for_the_service() -> None:
    metrics = Metrics("api", [Part.EACH])
    metrics.count_db_error("read_only")

    lines = _lines(metrics)
    assert 'wheelyard_db_errors_total{class="read_only",service="api"} 1.0' in lines
    assert 'wheelyard_db_errors_total{class="deadlock",service="api"} 0.0' in lines


def test_a_process_shows_only_what_it_does() -> None:
    text = "\n".join(_lines(Metrics("api", [Part.EACH, Part.WEB])))

    assert "wheelyard_storage_requests_total" in text
    assert "wheelyard_tasks_total" not in text
    assert "wheelyard_outbox_pending" not in text


def test_what_counts_for_nobody_counts_in_silence() -> None:
    metrics = Metrics()

    metrics.count("wheelyard_tasks_total", "verify", "success")
    metrics.observe("wheelyard_task_duration_seconds", 1.0, "verify")

    assert not [line for line in _lines(metrics) if line.startswith("wheelyard_tasks_total{")]


def test_a_request_of_an_unknown_method_makes_no_new_series() -> None:
    metrics = Metrics("api", [Part.WEB])

    for method in ("BREW", "WHEN", "PROPFIND"):
        metrics.observe_request("api", "/x", method, 405, 0.1)

    found = [line for line in _lines(metrics) if line.startswith("wheelyard_http_requests_total{")]
    assert found == [
        'wheelyard_http_requests_total{code="405",method="other",route="/x",service="api"} 3.0'
    ]


def test_a_gauge_that_cannot_be_read_is_left_out_and_hides_no_other() -> None:
    metrics = Metrics("scheduler", [Part.SCHEDULER])

    def away() -> dict[tuple[str, ...], float]:
        raise OSError

    metrics.observed.add("wheelyard_outbox_pending", away)
    metrics.observed.add("wheelyard_outbox_set_aside", lambda: {(): 2.0})

    lines = _lines(metrics)
    assert "wheelyard_outbox_set_aside 2.0" in lines
    assert not [line for line in lines if line.startswith("wheelyard_outbox_pending")]


def test_the_build_is_told() -> None:
    (line,) = [line for line in _lines(Metrics("api", [Part.EACH])) if "build_info{" in line]

    assert re.fullmatch(
        r'wheelyard_build_info\{python="3[\d.]+",revision="\w+",'
        r'service="api",version="[\d.]+"\} 1.0',
        line,
    )


def test_threads_at_work_are_the_requests_in_flight() -> None:
    metrics = Metrics("standalone", [Part.WEB])
    metrics.show_threads(40)
    metrics.in_flight("api").inc()
    metrics.in_flight("indexer").inc(2)

    lines = _lines(metrics)
    assert 'wheelyard_http_threads{service="standalone",state="busy"} 3.0' in lines
    assert 'wheelyard_http_threads{service="standalone",state="limit"} 40.0' in lines
