"""Entry point: `python -m wheelyard_api`."""

import os

from wheelyard_api.app import create_app
from wheelyard_core.bootstrap import crash_point_from
from wheelyard_core.observability.catalogue import Part
from wheelyard_core.operation import settings_of
from wheelyard_web.server import serve

_PARTS = (Part.EACH, Part.WEB, Part.API, Part.AUDITED, Part.DATABASE)


def main() -> None:
    """Serve until told to stop."""
    environment = os.environ  # noqa: TID251  this is the entry point
    settings = settings_of(environment)
    reach = crash_point_from(environment)
    serve(settings, "api", _PARTS, create_app, reach)


if __name__ == "__main__":
    main()
