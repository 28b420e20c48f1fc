"""What is kept, and whether it is all there."""

from typing import Final

from scripts.dashboards.model import Dashboard, Panel, Query
from scripts.dashboards.queries import R, age, quantiles

DATA: Final = Dashboard(
    "data",
    "Data",
    "What is kept, whether it is all there, what is thrown away, what is backed up.",
    {
        "What is kept": [
            Panel("Files", [Query("max(wheelyard_files{$yard})", "files")], width=12),
            Panel(
                "Bytes", [Query("max(wheelyard_stored_bytes{$yard})", "stored")], "bytes", width=12
            ),
        ],
        "Database against store": [
            Panel(
                "Objects that do not fit",
                [
                    Query(
                        "max by (state) (wheelyard_reconcile_objects{$yard})",
                        "{{state}}",
                        rare=True,
                    )
                ],
            ),
            Panel(
                "Objects seen",
                [Query("max(wheelyard_reconcile_verified_objects{$yard})", "seen", rare=True)],
            ),
            Panel(
                "Since the last comparison",
                [
                    Query(
                        "time() - max(wheelyard_reconcile_last_success_timestamp_seconds{$yard})",
                        "comparison",
                        rare=True,
                    )
                ],
                "s",
            ),
        ],
        "Garbage collection": [
            Panel(
                "Deleted in an hour",
                [
                    Query(
                        "sum(increase(wheelyard_gc_deleted_objects_total{$yard}[1h]))",
                        "objects",
                        rare=True,
                    )
                ],
            ),
            Panel(
                "Bytes won in an hour",
                [
                    Query(
                        "sum(increase(wheelyard_gc_reclaimed_bytes_total{$yard}[1h]))",
                        "bytes",
                        rare=True,
                    )
                ],
                "bytes",
            ),
            Panel(
                "Waiting to be deleted",
                [Query("max(wheelyard_gc_candidates{$yard})", "objects", rare=True)],
            ),
        ],
        "Object store": [
            Panel(
                "Requests",
                [
                    Query(
                        f"sum by (operation, result) "
                        f"(rate(wheelyard_storage_requests_total{{$yard}}{R})) > 0",
                        "{{operation}} {{result}}",
                    )
                ],
                "reqps",
                width=12,
            ),
            Panel(
                "Their time",
                quantiles("wheelyard_storage_request_duration_seconds_bucket", by="operation"),
                "s",
                width=12,
            ),
        ],
        "Backup": [
            Panel(
                "Since the last backup",
                [
                    age(
                        "wheelyard_backup_last_success_timestamp_seconds",
                        "target",
                        "{{target}}",
                        rare=True,
                    )
                ],
                "s",
            ),
            Panel(
                "Size of the last backup",
                [
                    Query(
                        "max by (target) (wheelyard_backup_last_size_bytes{$yard})",
                        "{{target}}",
                        rare=True,
                    )
                ],
                "bytes",
            ),
            Panel(
                "Since the last restore drill",
                [
                    Query(
                        "time() - "
                        "max(wheelyard_restore_drill_last_success_timestamp_seconds{$yard})",
                        "drill",
                        rare=True,
                    )
                ],
                "s",
            ),
        ],
    },
)
