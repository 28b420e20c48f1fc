"""The way of a file."""

from typing import Final

from scripts.dashboards.model import Dashboard, Panel, Query
from scripts.dashboards.queries import R, age, quantiles

PUBLISH: Final = Dashboard(
    "publish",
    "Publish pipeline",
    "The way of a file: the upload's stages, the outbox, the queues, the tasks.",
    {
        "Upload": [
            Panel(
                "Stages of an upload, 95 %",
                [
                    Query(
                        f"histogram_quantile(0.95, sum by (le, stage) "
                        f"(rate(wheelyard_upload_stage_duration_seconds_bucket{{$yard}}{R})))",
                        "{{stage}}",
                    )
                ],
                "s",
            ),
            Panel("Sizes", quantiles("wheelyard_upload_bytes_bucket"), "bytes"),
            Panel(
                "Hints sent",
                [
                    Query(
                        f"sum by (result) (rate(wheelyard_outbox_dispatched_total{{$yard}}{R}))",
                        "{{result}}",
                    )
                ],
                "ops",
            ),
        ],
        "Outbox and queues": [
            Panel(
                "Promised and not done",
                [
                    Query("max(wheelyard_outbox_pending{$yard})", "waits"),
                    Query("max(wheelyard_outbox_set_aside{$yard})", "set aside"),
                ],
            ),
            Panel(
                "Hints in the broker",
                [
                    Query(
                        "max by (queue, state) (wheelyard_queue_messages{$yard})",
                        "{{queue}} {{state}}",
                    )
                ],
            ),
            Panel(
                "Oldest",
                [
                    Query("max(wheelyard_outbox_oldest_age_seconds{$yard})", "outbox"),
                    Query(
                        "max by (queue) (wheelyard_queue_oldest_unacked_age_seconds{$yard})",
                        "unacknowledged, {{queue}}",
                    ),
                ],
                "s",
            ),
            Panel(
                "Wait until work begins",
                quantiles("wheelyard_task_queue_wait_seconds_bucket", by="queue"),
                "s",
                width=12,
            ),
            Panel(
                "Time of an attempt",
                quantiles("wheelyard_task_duration_seconds_bucket", by="task"),
                "s",
                width=12,
            ),
        ],
        "Tasks and jobs": [
            Panel(
                "Ends of attempts",
                [
                    Query(
                        f"sum by (task, outcome) (rate(wheelyard_tasks_total{{$yard}}{R})) > 0",
                        "{{task}} {{outcome}}",
                    )
                ],
                "ops",
                stacked=True,
            ),
            Panel(
                "Tried again, given up",
                [
                    Query(
                        f"sum by (task) (rate(wheelyard_task_redeliveries_total{{$yard}}{R}))",
                        "again {{task}}",
                    ),
                    Query(
                        "sum by (task) (increase(wheelyard_task_quarantined_total{$yard}[1h]))",
                        "given up in an hour {{task}}",
                    ),
                ],
            ),
            Panel(
                "Signs of life",
                [
                    age("wheelyard_worker_heartbeat_timestamp_seconds", "queue", "{{queue}}"),
                    Query(
                        "time() - max(wheelyard_beat_last_tick_timestamp_seconds{$yard})",
                        "scheduler",
                    ),
                ],
                "s",
                text="Seconds since the last one.",
            ),
            Panel(
                "Jobs: since the last success",
                [
                    age(
                        "wheelyard_scheduled_job_last_success_timestamp_seconds",
                        "job_name",
                        "{{job_name}}",
                    )
                ],
                "s",
                width=12,
            ),
            Panel(
                "Jobs: how long they take",
                [
                    Query(
                        "max by (job_name) (wheelyard_scheduled_job_duration_seconds{$yard})",
                        "{{job_name}}",
                    )
                ],
                "s",
                width=12,
            ),
        ],
    },
)
