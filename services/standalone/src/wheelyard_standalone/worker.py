"""Every kind of task in one worker."""

import os

from wheelyard_core.bootstrap import crash_point_from
from wheelyard_core.domain.work import Task
from wheelyard_core.settings import read_settings
from wheelyard_core.tasks import work


def main() -> None:
    """Work until told to stop."""
    settings = read_settings(os.environ)  # noqa: TID251  this is the entry point
    reach = crash_point_from(os.environ)  # noqa: TID251  this is the entry point
    work(settings, "worker", list(Task), reach)
