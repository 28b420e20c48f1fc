"""The world behind the ports: databases, blob stores, Redis, Celery."""

import sys
from types import ModuleType
from typing import Final, cast

# redis-py imports OpenTelemetry's SDK wherever that is installed, for metrics that nobody asked it
# for: 61 modules, 0.1 s and 2 MiB in every process. None is Python's way to say "not installed";
# `adapters.tracing`, which is imported where tracing is on, takes it back.
MODULES: Final = cast("dict[str, ModuleType | None]", sys.modules)
HIDDEN: Final = ("opentelemetry.metrics", "opentelemetry.sdk")

for _name in HIDDEN:
    MODULES.setdefault(_name, None)
