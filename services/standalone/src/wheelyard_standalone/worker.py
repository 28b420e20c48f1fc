"""Every kind of task in one worker."""

import os

from wheelyard_core.bootstrap import crash_point_from
from wheelyard_core.domain.work import Task
from wheelyard_core.operation import settings_of
from wheelyard_core.tasks import work


def main() -> None:
    """Work until told to stop."""
    environment = os.environ  # noqa: TID251  this is the entry point
    settings, reach = settings_of(environment), crash_point_from(environment)
    work(settings, "worker", list(Task), reach)
