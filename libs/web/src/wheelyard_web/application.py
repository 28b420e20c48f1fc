"""What the Flask applications of all services have in common."""

from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import Any
from urllib.parse import unquote_to_bytes

from flask import Blueprint, Flask, request
from werkzeug.routing import BaseConverter, Rule

from wheelyard_core.bootstrap import Registry
from wheelyard_core.domain.errors import InvalidInput
from wheelyard_web import health, watching
from wheelyard_web.bodies import with_sound_body
from wheelyard_web.errors import register_error_handlers
from wheelyard_web.parts import equip, wrap

Wsgi = watching.Wsgi


class Number(BaseConverter):
    """The number of a row in an address, as long as a database counts; a longer one is unknown."""

    regex = r"[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        """Return the number."""
        return int(value)


class Address(Rule):
    """A rule that compiles the way back, from an endpoint to its URL, when it is first asked for.

    It hardly ever is; Werkzeug does it at once, which is most of the making of an application.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:  # noqa: FBT001, FBT002  Werkzeug's
        compiled = cache(partial(super()._compile_builder, append_unknown))

        def build(rule: Rule, **values: Any) -> tuple[str, str]:
            return compiled()(rule, **values)

        return build


def make_app(
    name: str,
    registry: Registry,
    blueprints: Iterable[Blueprint],
    *,
    needs_database: bool = True,
) -> Flask:
    """Return an application over *registry* with these addresses."""
    app = Flask(name, static_folder=None)
    app.url_rule_class = Address
    app.url_map.merge_slashes = False
    app.url_map.converters["number"] = Number
    wrap(app, without_trailing_slash)
    wrap(app, with_sound_body)
    register_error_handlers(app)
    app.before_request(refuse_broken_text)
    readiness = health.Readiness(
        registry.database, registry.stopping, needs_database=needs_database
    )
    equip(app, registry, readiness)
    for blueprint in (health.blueprint, *blueprints):
        app.register_blueprint(blueprint)
    service = name.removeprefix("wheelyard_")
    trusted = registry.settings.http.trusted_proxies
    watching.watch(app, service, registry.metrics, trusted, registry.tracing)
    return app


def refuse_broken_text() -> None:
    """Refuse an address that no name can be in: PostgreSQL takes no text with a NUL, for one."""
    # WSGI has the path's bytes as the characters of the same numbers.
    path = request.environ["PATH_INFO"].encode("latin-1")
    for part in (path, unquote_to_bytes(request.query_string)):
        if b"\0" in part:
            raise InvalidInput("The address has a NUL, which is in no name")
        try:
            part.decode()
        except UnicodeDecodeError as error:
            raise InvalidInput("The address is not in UTF-8, percent-encoded") from error


def without_trailing_slash(application: Wsgi) -> Wsgi:
    """Return the application with every address meaning the same with a slash at its end.

    A redirect would lose the body of a POST with most clients: only uv and flit survive one.
    """

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if len(path) > 1 and path.endswith("/"):
            environ["PATH_INFO"] = path.rstrip("/") or "/"
        return application(environ, start_response)

    return answer
