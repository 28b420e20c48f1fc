"""Entry point: `python -m wheelyard_worker worker [verify|maintenance]` or `… scheduler`."""

import os
import signal
import sys
from threading import Event

# Celery reads it when it is imported: SIGTERM gives work back, instead of finishing it all.
os.environ.setdefault("REMAP_SIGTERM", "SIGQUIT")  # noqa: TID251  this is the entry point

from wheelyard_core.bootstrap import crash_point_from
from wheelyard_core.domain.work import Task
from wheelyard_core.operation import settings_of
from wheelyard_core.tasks import work
from wheelyard_worker.scheduler import schedule

_UPKEEP = (Task.DISCARD, Task.RECONCILE, Task.COLLECT)
# A worker does all, or what must not wait, or what may.
_TASKS = {
    ("worker",): (Task.VERIFY, *_UPKEEP),
    ("worker", "verify"): (Task.VERIFY,),
    ("worker", "maintenance"): _UPKEEP,
}


def main(arguments: list[str]) -> int:
    """Serve until told to stop; 2 when the settings or the arguments are wrong."""
    tasks = _TASKS.get(tuple(arguments))
    if tasks is None and arguments != ["scheduler"]:
        usage = "usage: python -m wheelyard_worker worker [verify|maintenance] | scheduler\n"
        sys.stderr.write(usage)
        return 2
    environment = os.environ  # noqa: TID251  this is the entry point
    settings = settings_of(environment)
    if tasks is None:
        stop = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        schedule(settings, stop)
        return 0
    reach = crash_point_from(environment)
    work(settings, "worker", tasks, reach)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
