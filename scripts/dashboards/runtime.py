"""The processes."""

from typing import Final

from scripts.dashboards.model import Dashboard, Panel, Query
from scripts.dashboards.queries import R, quantiles

RUNTIME: Final = Dashboard(
    "runtime",
    "Runtime",
    "The processes: what runs, threads, memory, connections, caches, who is let in.",
    {
        "Processes": [
            Panel(
                "What runs",
                [
                    Query(
                        "count by (service, version, revision, python) "
                        "(wheelyard_build_info{$yard})"
                    )
                ],
                kind="table",
                width=12,
            ),
            Panel(
                "Restarts in an hour",
                [
                    Query(
                        "sum by (pod) (increase(kube_pod_container_status_restarts_total"
                        '{namespace=~"$namespace",pod=~".*wheelyard.*"}[1h]))',
                        "{{pod}}",
                    )
                ],
                width=12,
            ),
            Panel(
                "Memory",
                [Query("sum by (instance) (process_resident_memory_bytes{$yard})", "{{instance}}")],
                "bytes",
            ),
            Panel(
                "Processor",
                [
                    Query(
                        f"sum by (instance) (rate(process_cpu_seconds_total{{$yard}}{R}))",
                        "{{instance}}",
                    )
                ],
                text="Cores; of a worker the parent's alone.",
            ),
            Panel(
                "Series of a scrape",
                [Query("max by (instance) (scrape_samples_scraped{$yard})", "{{instance}}")],
                text="Prometheus refuses a scrape of more than sampleLimit, 5000.",
            ),
        ],
        "Load": [
            Panel(
                "Threads at work",
                [
                    Query(
                        'max by (instance) (wheelyard_http_threads{$yard,state="busy"})',
                        "{{instance}}",
                    ),
                    Query('max(wheelyard_http_threads{$yard,state="limit"})', "limit"),
                ],
            ),
            Panel(
                "Requests in flight",
                [
                    Query(
                        "sum by (service) (wheelyard_http_requests_in_flight{$yard})", "{{service}}"
                    )
                ],
            ),
            Panel(
                "Cache's Redis",
                [
                    Query(
                        f"sum by (operation, result) "
                        f"(rate(wheelyard_cache_requests_total{{$yard}}{R})) > 0",
                        "{{operation}} {{result}}",
                    )
                ],
                "reqps",
            ),
        ],
        "Database": [
            Panel(
                "Connections",
                [
                    Query(
                        "sum by (service, state) (wheelyard_db_pool_connections{$yard,"
                        'state=~"checked_out|idle"})',
                        "{{service}} {{state}}",
                    )
                ],
            ),
            Panel(
                "Errors",
                [
                    Query(
                        f"sum by (service, class) (rate(wheelyard_db_errors_total{{$yard}}{R}))",
                        "{{service}} {{class}}",
                    )
                ],
                "ops",
            ),
            Panel(
                "Building pages",
                quantiles("wheelyard_index_render_duration_seconds_bucket"),
                "s",
            ),
        ],
        "Who is let in": [
            Panel(
                "Credentials",
                [
                    Query(
                        f"sum by (result) (rate(wheelyard_auth_attempts_total{{$yard}}{R}))",
                        "{{result}}",
                    )
                ],
                "ops",
            ),
            Panel(
                "Tokens of pipelines",
                [
                    Query(
                        "sum by (result) (increase(wheelyard_token_mints_total{$yard}[1h])) > 0",
                        "{{result}}",
                        rare=True,
                    )
                ],
                text="ID tokens exchanged in an hour, or why not.",
            ),
            Panel(
                "Audit events in an hour",
                [
                    Query(
                        "sum by (action) (increase(wheelyard_audit_events_total{$yard}[1h])) > 0",
                        "{{action}}",
                        rare=True,
                    )
                ],
            ),
        ],
    },
)
