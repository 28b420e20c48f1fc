"""Entry point: `python -m wheelyard_api`."""

import os
import sys

from wheelyard_api.app import create_app
from wheelyard_core.bootstrap import crash_point_from
from wheelyard_core.observability.catalogue import Part
from wheelyard_core.settings import SettingsError, read_settings
from wheelyard_web.server import serve

_PARTS = (Part.EACH, Part.WEB, Part.API, Part.DATABASE)


def main() -> int:
    """Serve until told to stop; 2 when the settings are wrong."""
    try:
        settings = read_settings(os.environ)  # noqa: TID251  this is the entry point
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    reach = crash_point_from(os.environ)  # noqa: TID251  this is the entry point
    serve(settings, "api", _PARTS, create_app, reach)
    return 0


if __name__ == "__main__":
    sys.exit(main())
