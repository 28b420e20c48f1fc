"""Whether the promises are kept, and what is asked."""

from typing import Final

from scripts.dashboards.model import Dashboard, Panel, Query
from scripts.dashboards.queries import R, quantiles

_REQUESTS: Final = "wheelyard_http_requests_total"
_SECONDS: Final = "wheelyard_http_request_duration_seconds_bucket"


OVERVIEW: Final = Dashboard(
    "overview",
    "Overview",
    "Whether the promises are kept, what is asked, what fails, how fresh pages are.",
    {
        "Promises": [
            Panel(
                "Broken in the last hour",
                [Query('wheelyard:slo:bad_ratio_rate1h{namespace=~"$namespace"}', "{{slo}}")],
                "percentunit",
                "stat",
                12,
                "Promised: pages and downloads 0.05 %, uploads 0.1 %, times 1 %.",
            ),
            Panel(
                "Alerts",
                [Query('count(ALERTS{alertname=~"Wheelyard.*",alertstate="firing"}) or vector(0)')],
                kind="stat",
                width=3,
            ),
            Panel("Files", [Query("max(wheelyard_files{$yard})")], kind="stat", width=3),
            Panel("Projects", [Query("max(wheelyard_projects{$yard})")], kind="stat", width=3),
            Panel("Stored", [Query("max(wheelyard_stored_bytes{$yard})")], "bytes", "stat", 3),
            Panel(
                "Broken promises, 5 minutes",
                [Query('wheelyard:slo:bad_ratio_rate5m{namespace=~"$namespace"}', "{{slo}}")],
                "percentunit",
                width=24,
            ),
        ],
        "Traffic": [
            Panel(
                "Requests",
                [Query(f"sum by (service) (rate({_REQUESTS}{{$yard}}{R}))", "{{service}}")],
                "reqps",
            ),
            Panel(
                "Failures (5xx)",
                [
                    Query(
                        f'sum by (service, code) (rate({_REQUESTS}{{$yard,code=~"5.."}}{R}))',
                        "{{service}} {{code}}",
                    )
                ],
                "reqps",
            ),
            Panel(
                "Time of a page",
                quantiles(_SECONDS, 'service="indexer",kind="page"'),
                "s",
            ),
            Panel(
                "Uploads",
                [
                    Query(
                        f"sum by (result) (rate(wheelyard_uploads_total{{$yard}}{R}))",
                        "{{result}}",
                    )
                ],
                "ops",
                stacked=True,
            ),
            Panel(
                "Downloads",
                [
                    Query(
                        f"sum by (mode, result) (rate(wheelyard_downloads_total{{$yard}}{R}))",
                        "{{mode}} {{result}}",
                    )
                ],
                "ops",
                stacked=True,
            ),
            Panel(
                "Pages",
                [
                    Query(
                        f"sum by (format, cache) "
                        f"(rate(wheelyard_index_requests_total{{$yard}}{R}))",
                        "{{format}} {{cache}}",
                    )
                ],
                "ops",
                stacked=True,
            ),
        ],
        "Freshness": [
            Panel(
                "From the upload to the page",
                quantiles("wheelyard_publish_duration_seconds_bucket"),
                "s",
                width=12,
            ),
            Panel(
                "What waits longest",
                [
                    Query("max(wheelyard_index_staleness_seconds{$yard})", "page"),
                    Query("max(wheelyard_outbox_oldest_age_seconds{$yard})", "any work"),
                ],
                "s",
                width=12,
            ),
        ],
    },
)
