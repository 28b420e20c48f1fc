"""What gunicorn is told."""

from wheelyard_core.settings import read_settings
from wheelyard_web.server import Server


def test_requests_may_go_on_for_as_long_as_the_settings_say() -> None:
    settings = read_settings(
        {
            "WHEELYARD_DATABASE_URL": "sqlite:///never-opened.db",
            "WHEELYARD_BLOBS_DIRECTORY": "never-opened",
            "WHEELYARD_BROKER_URL": "redis://127.0.0.1:9/0",
            "WHEELYARD_CACHE_URL": "redis://127.0.0.1:9/0",
            "WHEELYARD_TOKEN_PEPPER": "pepper",
            "WHEELYARD_DRAIN_SECONDS": "40",
        }
    )

    server = Server(settings.http, settings.drain_seconds, lambda: None)  # type: ignore[arg-type, return-value]  # nothing is served

    assert server.cfg.graceful_timeout == 40
