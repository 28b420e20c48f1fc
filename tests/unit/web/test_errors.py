"""A refusal becomes HTTP once: its status, its sentence, its form."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import ClientDisconnected

from wheelyard_api.uploads.form import FileTooLarge
from wheelyard_core.domain import errors
from wheelyard_core.ports import DatabaseUnavailable, StorageUnavailable
from wheelyard_web.errors import STATUS_OF, register_error_handlers

SENTENCE = "The name 'a\nb' — is not valid"


def client_of(error: Exception) -> FlaskClient:
    app = Flask(__name__)
    register_error_handlers(app)

    @app.route("/")
    def fail() -> str:
        raise error

    return app.test_client()


# The one of all, and one that says its own sentence.
APART = {errors.RegistryError, errors.TooManyAttempts}


@pytest.mark.parametrize("kind", [kind for kind in STATUS_OF if kind not in APART])
def test_a_refusal_has_its_status_and_its_sentence_where_clients_look(
    kind: type[errors.RegistryError],
) -> None:
    answer = client_of(kind(SENTENCE)).get("/")

    status = STATUS_OF[kind]
    assert answer.status_code == status
    assert answer.content_type == "application/json"
    assert answer.get_json()["title"] == status.phrase
    assert SENTENCE in answer.get_json()["message"]
    assert answer.get_json()["code"].startswith(f"{status.value} ")
    # A line break or a character outside of Latin-1 would break the status line.
    reason = answer.status.partition(" ")[2]
    assert "The name 'a b' ? is not valid" in reason


def test_no_control_character_gets_into_the_status_line() -> None:
    answer = client_of(errors.NotFound("No a\x08b\x7f\x85c")).get("/")

    assert answer.status == "404 No a?b? c"
    assert "a\x08b" in answer.get_json()["message"]


def test_a_refusal_of_a_service_has_the_status_of_its_kind() -> None:
    assert client_of(FileTooLarge(7)).get("/").status_code == 413


def test_whoever_tries_too_often_is_told_how_long_to_wait() -> None:
    answer = client_of(errors.TooManyAttempts(7)).get("/")

    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "7"


def test_all_problems_of_a_file_are_listed() -> None:
    answer = client_of(errors.InvalidDistribution("One.", "Two.")).get("/")

    assert answer.get_json()["errors"] == ["One.", "Two."]


def test_a_long_sentence_is_cut_in_the_status_line_and_whole_in_the_body() -> None:
    answer = client_of(errors.NotFound("x" * 5000)).get("/")

    assert len(answer.status) < 700
    assert "x" * 5000 in answer.get_json()["message"]


def test_who_is_not_known_is_told_how_to_say_so() -> None:
    answer = client_of(errors.AuthenticationRequired("no")).get("/")

    assert answer.headers["WWW-Authenticate"] == 'Basic realm="Wheelyard"'


@pytest.mark.parametrize("outage", [DatabaseUnavailable("secret"), StorageUnavailable("secret")])
def test_an_outage_asks_to_come_again_and_tells_no_details(outage: Exception) -> None:
    answer = client_of(outage).get("/")

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "secret" not in answer.text


def test_a_bug_tells_the_number_of_the_request_and_nothing_else() -> None:
    answer = client_of(ZeroDivisionError("secret")).get("/")

    assert answer.status_code == 500
    assert "request " in answer.get_json()["message"]
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"),
        ("text/html;q=0.1, application/json", "application/json"),
        ("text/html;q=0", "application/json"),
    ],
)
def test_a_page_is_for_those_who_ask_for_one_by_name(accept: str | None, kind: str) -> None:
    headers = {} if accept is None else {"Accept": accept}
    error = errors.InvalidInput("<script>alert(1)</script>")

    answer = client_of(error).get("/", headers=headers)

    assert answer.content_type == kind
    if kind.startswith("text/html"):
        assert "<script>" not in answer.text


def test_a_method_that_is_not_there_names_those_that_are() -> None:
    answer = client_of(errors.Gone("x")).post("/")

    assert answer.status == "405 This address takes GET and HEAD and OPTIONS only"
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_an_address_that_is_not_there_says_where_all_are() -> None:
    answer = client_of(errors.Gone("x")).get("/elsewhere")

    assert answer.status_code == 404
    assert answer.get_json()["code"].endswith("nothing at this address: see /api/v4/openapi.json")


def test_a_client_that_goes_in_the_middle_is_told_what_is_wrong() -> None:
    answer = client_of(ClientDisconnected()).get("/")

    assert answer.status == "400 The request is broken, or ended in its middle: send it again"
