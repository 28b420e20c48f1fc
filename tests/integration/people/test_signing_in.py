"""Sessions: begun with a token, without a secret in them, over as soon as the token is."""

import time
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session
from tests.integration.people.visiting import Visitor
from tests.support.in_process import Yard
from tests.support.seed import SeededProject
from werkzeug.test import TestResponse

from wheelyard_core.adapters.db.models import Token
from wheelyard_core.domain.access import RegistryAccess, Role, Scope
from wheelyard_core.usecases.sweep import TOKENS_KEPT

pytestmark = [pytest.mark.integration, pytest.mark.own_registry]


@pytest.fixture(scope="module")
def database_kind() -> str:
    """One database is enough: nothing here is asked of it that others do not ask of both."""
    return "sqlite"


def cookie_of(answer: TestResponse) -> str:
    return answer.headers["Set-Cookie"]


def test_a_visitor_signs_in_and_goes_on_to_where_they_were(
    anonymous: Visitor, project: SeededProject, developer: str
) -> None:
    asked = anonymous.look(f"/{project.path}?q=x", 401)
    form = asked.soup.find("input", {"name": "next"})
    assert form is not None

    answer = anonymous.sign_in(developer, str(form["value"]))

    assert answer.headers["Location"] == f"/{project.path}?q=x"
    page = anonymous.look(answer.headers["Location"])
    assert "Sign out" in page.text
    assert "user-" in page.text


def test_a_session_ends_when_the_visitor_says_so(reader: Visitor, project: SeededProject) -> None:
    answer = reader.send("/_/sign-out", {})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    reader.look(f"/{project.path}", 401)


def test_a_copied_cookie_opens_nothing_after_signing_out_and_other_sessions_go_on(
    yard: Yard, reader: Visitor, project: SeededProject, developer: str
) -> None:
    copy, elsewhere = Visitor.of(yard), Visitor.of(yard)
    elsewhere.sign_in(developer)
    kept = reader.browser.get_cookie("wheelyard")
    assert kept is not None
    copy.browser.set_cookie("wheelyard", kept.value)
    copy.look(f"/{project.path}")

    reader.send("/_/sign-out", {})

    copy.look(f"/{project.path}", 401)
    elsewhere.look(f"/{project.path}")
    # With a cookie that has ended already, or none: nothing to say against it.
    copy.browser.set_cookie("wheelyard", kept.value)
    assert copy.send("/_/sign-out", {}).status_code == 303
    assert copy.send("/_/sign-out", {}).status_code == 303


def test_what_is_kept_of_an_ended_session_goes_when_it_would_have_ended(
    yard: Yard, reader: Visitor
) -> None:
    reader.send("/_/sign-out", {})
    cleaner, now = yard.registry.cleaner(), yard.registry.now()
    at_its_end = now + TOKENS_KEPT + timedelta(hours=12)

    assert cleaner.forget_minted_tokens(at_its_end - timedelta(minutes=1)) == 0
    assert cleaner.forget_minted_tokens(at_its_end + timedelta(minutes=1)) == 1


@pytest.mark.parametrize("how", ["revoked", "expired"])
def test_a_session_ends_at_once_with_its_token(
    how: str, yard: Yard, reader: Visitor, project: SeededProject, developer: str
) -> None:
    reader.look(f"/{project.path}")

    getattr(yard.seed, how)(developer)

    page = reader.look(f"/{project.path}", 401)
    assert how in page.text
    # The browser forgets it, and the next page is anybody's.
    assert reader.browser.get_cookie("wheelyard") is None
    assert "Sign in" in reader.look("/").text


def test_a_session_ends_when_its_account_is_blocked(yard: Yard, anonymous: Visitor) -> None:
    user = yard.seed.user()
    anonymous.sign_in(yard.seed.personal_token(user))
    yard.seed.block(user)

    assert "blocked" in anonymous.look("/", 401).text


def test_a_session_lasts_twelve_hours(
    reader: Visitor, project: SeededProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader.look(f"/{project.path}")

    # The signer's own clock, as time goes by.
    present = time.time()
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: present + 12 * 3600 + 5)
    reader.look(f"/{project.path}", 401)


def test_the_cookie_holds_no_secret_and_is_for_browsers_alone(
    anonymous: Visitor, developer: str
) -> None:
    cookie = cookie_of(anonymous.sign_in(developer))

    assert developer not in cookie
    assert developer[4:20] not in cookie
    for word in ("HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"):
        assert word in cookie
    assert "Secure" not in cookie
    assert "Domain" not in cookie


def test_a_number_that_another_token_has_got_opens_nothing(
    yard: Yard, reader: Visitor, project: SeededProject
) -> None:
    """As after a database was restored: numbers begin again where the copy ended."""
    with Session(yard.registry.database.engine) as session:
        session.execute(update(Token).values(family="another"))
        session.commit()

    reader.look(f"/{project.path}", 401)


@pytest.mark.parametrize(
    "settings", [{"WHEELYARD_PUBLIC_URL": "https://yard.example"}], indirect=True
)
def test_the_cookie_travels_encrypted_where_the_registry_does(
    anonymous: Visitor, developer: str
) -> None:
    cookie = cookie_of(anonymous.sign_in(developer))

    assert cookie.startswith("__Host-wheelyard=")
    assert "; Secure" in cookie


@pytest.mark.parametrize(
    "settings", [{"WHEELYARD_PUBLIC_URL": "https://yard.example/below/here"}], indirect=True
)
def test_every_link_begins_with_the_path_of_the_public_address(
    anonymous: Visitor, developer: str, project: SeededProject
) -> None:
    answer = anonymous.sign_in(developer, f"/{project.path}")

    assert answer.headers["Location"] == f"/below/here/{project.path}"
    assert "Path=/below/here" in cookie_of(answer)
    # A browser throws a cookie away that has the prefix and is not for the whole host.
    assert cookie_of(answer).startswith("wheelyard=")
    page = anonymous.look("/")
    links = [str(link.get("href")) for link in page.soup.find_all(["a", "link"])]
    assert all(link.startswith(("/below/here/", "#")) for link in links)


def test_a_made_up_cookie_is_nobodys(yard: Yard, project: SeededProject) -> None:
    visitor = Visitor.of(yard)
    for cookie in ("", "nonsense", "WzEsIngiXQ.aaaa.bbbb", "a.b.c", "é"):
        visitor.browser.set_cookie("wheelyard", cookie)

        visitor.look(f"/{project.path}", 401)


def test_the_cookie_of_another_registry_is_nobodys(
    yard: Yard, reader: Visitor, project: SeededProject
) -> None:
    cookie = reader.browser.get_cookie("wheelyard")
    assert cookie is not None
    body, rest = cookie.value.split(".", 1)
    visitor = Visitor.of(yard)
    visitor.browser.set_cookie("wheelyard", f"{body[:-2]}AA.{rest}")

    visitor.look(f"/{project.path}", 401)


def test_a_wrong_token_is_refused_with_a_reason(anonymous: Visitor) -> None:
    for secret, word in (
        ("", "Give a token"),
        ("hunter2", "not known"),
        ("wyp_" + "x" * 60, "not known"),
        ("\0", "not known"),
    ):
        answer = anonymous.send("/_/sign-in", {"token": secret, "next": "/"})

        assert answer.status_code == 401
        assert word in answer.text
        assert "Set-Cookie" not in answer.headers
        assert not secret or secret not in answer.text


def test_an_expired_token_is_told_so(yard: Yard, anonymous: Visitor, developer: str) -> None:
    yard.seed.expired(developer)

    answer = anonymous.send("/_/sign-in", {"token": developer, "next": "/"})

    assert answer.status_code == 401
    assert "has expired" in answer.text


def test_nobody_is_led_elsewhere_after_signing_in(anonymous: Visitor, developer: str) -> None:
    for then in (
        *("//evil.example", "https://evil.example", "/\\evil.example", "\\evil", "evil", ""),
        *("javascript:alert(1)", "/a\r\nSet-Cookie: x=y", "/ü", "/a b"),
    ):
        assert anonymous.sign_in(developer, then).headers["Location"] == "/"


def test_another_site_cannot_send_our_forms(
    reader: Visitor, developer: str, project: SeededProject
) -> None:
    for headers in (
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
    ):
        for address in ("/_/sign-in", "/_/sign-out"):
            answer = reader.send(address, {"token": developer}, headers)

            assert answer.status_code == 403, headers
            assert "Set-Cookie" not in answer.headers
    reader.look(f"/{project.path}")


def test_our_own_pages_can_send_them(anonymous: Visitor, developer: str) -> None:
    for headers in (
        {"Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://localhost"},
        {"Origin": "http://yard.example"},
        {},
    ):
        answer = anonymous.send("/_/sign-in", {"token": developer}, headers)

        assert answer.status_code == 303, headers


def test_a_session_opens_pages_and_nothing_else(reader: Visitor, project: SeededProject) -> None:
    """Otherwise another site could make a browser change something by the API."""
    for path in (f"/api/v4/projects/{project.id}", f"/{project.path}/simple/", "/api/v4/user"):
        assert reader.browser.get(path).status_code == 401


def test_a_huge_form_is_refused(anonymous: Visitor) -> None:
    answer = anonymous.send("/_/sign-in", {"token": "x" * 100_000})

    assert answer.status_code == 413


def test_who_may_not_see_learns_nothing(
    yard: Yard, anonymous: Visitor, project: SeededProject
) -> None:
    stranger = Visitor.of(yard)
    stranger.sign_in(yard.seed.personal_token(yard.seed.user()))
    hidden = yard.seed.project(access=RegistryAccess.DISABLED)
    for visitor, status in ((anonymous, 401), (stranger, 404)):
        answers = []
        for path in (project.path, project.group.path, "no/such", "none", hidden.path):
            for below in ("", "/packages", "/packages/demo", "/packages/demo/1.0"):
                page = visitor.look(f"/{path}{below}", status)
                answers.append(page.answer.text.replace(f"/{path}{below}", "PATH"))
        assert len(set(answers)) == 1


def test_a_guest_of_a_private_project_is_told_what_is_missing(
    yard: Yard, project: SeededProject
) -> None:
    guest = Visitor.of(yard)
    guest.sign_in(yard.seed.personal_token(yard.seed.member(Role.GUEST, project=project)))

    assert "needs the role reporter" in guest.look(f"/{project.path}", 403).text


def test_every_kind_of_token_signs_in(yard: Yard, project: SeededProject) -> None:
    for secret in (
        yard.seed.deploy_token(Scope.READ_REGISTRY, project=project),
        yard.seed.project_token(project, Role.REPORTER),
        yard.seed.job_token(project),
    ):
        visitor = Visitor.of(yard)
        visitor.sign_in(secret)
        assert "No packages yet" in visitor.look(f"/{project.path}").text
        assert len(visitor.look("/").rows("that you may see")) == 1


def test_other_clients_are_asked_for_a_token_as_everywhere(
    yard: Yard, project: SeededProject
) -> None:
    answer = yard.ask("GET", f"/{project.path}")

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="Wheelyard"'
    assert answer.content_type == "application/json"


def test_a_browser_is_not_made_to_ask_in_a_window_of_its_own(
    anonymous: Visitor, project: SeededProject
) -> None:
    page = anonymous.look(f"/{project.path}", 401)

    assert page.answer.headers["WWW-Authenticate"].startswith("Cookie ")


def test_a_token_in_a_header_shows_pages_too(
    yard: Yard, project: SeededProject, developer: str
) -> None:
    answer = yard.ask("GET", f"/{project.path}", developer)

    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


def test_a_token_in_a_header_counts_for_more_than_a_session(
    reader: Visitor, project: SeededProject
) -> None:
    reader.look(f"/{project.path}")
    reader.look(f"/{project.path}", 401, **{"PRIVATE-TOKEN": "nobodys"})


def test_looking_counts_as_use_of_the_token(yard: Yard, reader: Visitor, developer: str) -> None:
    reader.look("/")

    (mine,) = yard.ask("GET", "/api/v4/personal_access_tokens", developer).get_json()
    assert mine["last_used_at"] is not None


def test_pages_are_nobody_elses(reader: Visitor, anonymous: Visitor) -> None:
    for visitor in (reader, anonymous):
        answer = visitor.look("/").answer
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Cookie" in answer.headers["Vary"]
