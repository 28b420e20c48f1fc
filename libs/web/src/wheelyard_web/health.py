"""Probes: is this process beyond help, and should it get traffic now."""

from threading import Event

from flask import Blueprint, Response, jsonify

from wheelyard_core.adapters.db.unit_of_work import SqlDatabase
from wheelyard_core.observability.looking import Look, TooLate
from wheelyard_core.ports import DatabaseUnavailable
from wheelyard_web.parts import part

blueprint = Blueprint("health", __name__)

_WITHOUT_SCHEMA = "the database's schema is not that of this release: migrate"
_WITHOUT_DATABASE = "the database does not answer"


class Readiness:
    """Tells whether this process should get traffic.

    The api can do nothing without its database. The indexer can: it serves the pages that it has,
    so an outage must not take it out; only a schema that is known not to fit does.
    """

    def __init__(self, database: SqlDatabase, stopping: Event, *, needs_database: bool) -> None:
        self._database = database
        self._needs_database = needs_database
        self._fits = False
        # A second at most, and at most every two seconds: probes must cost next to nothing.
        self._look = Look(self._ask, cap=1.0, keep=2.0)
        self._stopping = stopping

    def problem(self) -> str | None:
        """Return why this process should get no traffic, or None."""
        if self._stopping.is_set():
            return "stopping"
        if self._fits and not self._needs_database:
            return None
        try:
            return self._look()
        except (DatabaseUnavailable, TooLate):
            return _WITHOUT_DATABASE if self._needs_database else None

    def _ask(self) -> str | None:
        if self._fits:
            # Later migrations only expand: a schema that fits goes on fitting.
            self._database.check()
        else:
            self._fits = self._database.is_compatible()
        return None if self._fits else _WITHOUT_SCHEMA


@blueprint.get("/livez")
def livez() -> Response:
    """Answer, which is all there is to know: nothing is asked of anybody."""
    return jsonify({"status": "alive"})


@blueprint.get("/readyz")
def readyz() -> Response:
    """Answer 200 while requests can be served, else 503 and why."""
    problem = part(Readiness).problem()
    response = jsonify({"status": problem or "ready"})
    response.status_code = 200 if problem is None else 503
    return response
