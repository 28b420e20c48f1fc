"""Probes: is this process beyond help, and should it get traffic now."""

from threading import Lock
from time import monotonic
from typing import Final

from flask import Blueprint, Response, current_app, jsonify

from wheelyard_core.ports import DatabaseUnavailable
from wheelyard_web.identity import registry

blueprint = Blueprint("health", __name__)

_REMEMBERED_SECONDS: Final = 2.0


class Readiness:
    """Remembers for two seconds whether the schema fits, so that probes cost no connections."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._until = 0.0
        self._problem: str | None = None

    def problem(self) -> str | None:
        """Return why this process should get no traffic, or None."""
        with self._lock:
            if monotonic() >= self._until:
                self._problem = _look()
                self._until = monotonic() + _REMEMBERED_SECONDS
            return self._problem


@blueprint.get("/livez")
def livez() -> Response:
    """Answer, which is all there is to know: nothing is asked of anybody."""
    return jsonify({"status": "alive"})


@blueprint.get("/readyz")
def readyz() -> Response:
    """Answer 200 while requests can be served, else 503 and why."""
    readiness = current_app.extensions["wheelyard.readiness"]
    problem = readiness.problem()
    response = jsonify({"status": problem or "ready"})
    response.status_code = 200 if problem is None else 503
    return response


def _look() -> str | None:
    try:
        fits = registry().database.is_compatible()
    except DatabaseUnavailable:
        return "the database does not answer"
    return None if fits else "the database's schema is not that of this release: migrate"
