"""Api and indexer in one server process on one port."""

import os
import re
from collections.abc import Iterable
from typing import Any, Final

from wheelyard_api.app import create_app as create_api
from wheelyard_core.bootstrap import Registry, crash_point_from
from wheelyard_core.observability.catalogue import Part
from wheelyard_core.operation import settings_of
from wheelyard_indexer.app import create_app as create_indexer
from wheelyard_web.application import Wsgi
from wheelyard_web.server import serve

# What the gateway routes to the indexer (deploy/nginx), by the same rule.
_READS: Final = re.compile(
    r"/(?:api/v4/(?:projects|groups)/.+/packages/pypi|(?!api/|_/).+)"
    r"/(?:simple(?:/[^/]*)?/?|files/[0-9a-fA-F]+/[^/]+/?|integrity(?:/[^/]+){3}/provenance/?)\Z"
)

_PARTS: Final = (
    Part.EACH, Part.WEB, Part.API, Part.AUDITED, Part.INDEXER, Part.RENDERING, Part.DATABASE,
)  # fmt: skip


def dispatch(api: Wsgi, indexer: Wsgi) -> Wsgi:
    """Return an application that sends each request where the gateway would send it."""

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        reads = _READS.match(environ["PATH_INFO"])
        return (indexer if reads else api)(environ, start_response)

    return application


def main() -> None:
    """Serve until told to stop."""
    environment = os.environ  # noqa: TID251  this is the entry point
    settings, reach = settings_of(environment), crash_point_from(environment)

    def build(registry: Registry) -> Wsgi:
        return dispatch(create_api(registry), create_indexer(registry))

    serve(settings, "standalone", _PARTS, build, reach)
