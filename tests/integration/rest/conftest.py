"""A registry in this process, on each database, and people who ask its administration."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.integration.sharing import yard
from tests.support.in_process import Yard
from tests.support.seed import unique
from werkzeug.test import TestResponse

# Still to come when midnight passes before the last test has run.
SOME_DAY = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()


def only(found: Any) -> Any:
    """Return what a list has, which must be one thing."""
    assert isinstance(found, list)
    assert len(found) == 1, found
    return found[0]


@dataclass(frozen=True, slots=True)
class Someone:
    """A caller of the API; `id` is the account's."""

    yard: Yard
    id: int
    name: str
    secret: str | None = field(repr=False)

    def ask(self, method: str, path: str, **options: Any) -> TestResponse:
        return self.yard.ask(method, f"/api/v4{path}", self.secret, **options)

    def get(self, path: str, status: int = 200) -> Any:
        return self._answer("GET", path, status)

    def post(self, path: str, /, status: int = 201, **fields: Any) -> Any:
        return self._answer("POST", path, status, json=fields)

    def put(self, path: str, /, status: int = 200, **fields: Any) -> Any:
        return self._answer("PUT", path, status, json=fields)

    def delete(self, path: str, status: int = 204) -> Any:
        return self._answer("DELETE", path, status)

    def status(self, method: str, path: str, /, **fields: Any) -> int:
        return self.ask(method, path, json=fields).status_code

    def refused(self, path: str, word: str, /, **fields: Any) -> None:
        """See a POST refused as a bad request by a sentence with *word* in it."""
        answer = self.ask("POST", path, json=fields)
        assert answer.status_code == 400, (fields, answer.text)
        assert word in answer.get_json()["message"], fields

    def refusal(self) -> str:
        """Return the message of the 401 that this caller gets."""
        answer = self.ask("GET", "/user")
        assert answer.status_code == 401, answer.text
        message = answer.get_json()["message"]
        assert isinstance(message, str)
        return message

    def _answer(self, method: str, path: str, status: int, **options: Any) -> Any:
        answer = self.ask(method, path, **options)
        assert answer.status_code == status, answer.text
        return answer.get_json(silent=True)


@dataclass(frozen=True, slots=True)
class Town:
    """The registry and who is in it. Everybody is made by the API itself, but the first."""

    yard: Yard
    admin: Someone
    nobody: Someone

    def person(self, *scopes: str) -> Someone:
        """Make an account with a token."""
        name = unique("person")
        user = self.admin.post("/users", username=name, name="A Person", email=f"{name}@a.test")
        token = self.admin.post(
            f"/users/{user['id']}/personal_access_tokens",
            name="test",
            scopes=list(scopes or ("api",)),
        )
        return Someone(self.yard, user["id"], name, token["token"])

    def holder(self, secret: str) -> Someone:
        """Return whoever holds this secret."""
        return Someone(self.yard, 0, "holder", secret)

    def group(self, **fields: Any) -> Any:
        """Make a group, of the administrator's."""
        return self.admin.post("/groups", **({"name": unique("group")} | fields))

    def project(self, **fields: Any) -> Any:
        """Make a project, in a new group unless told."""
        if "namespace_id" not in fields:
            fields["namespace_id"] = self.group()["id"]
        return self.admin.post("/projects", **({"name": unique("project")} | fields))

    def member(self, level: int, project: Any = None, group: Any = None) -> Someone:
        """Make a person who is a member."""
        somebody = self.person()
        where = f"/projects/{project['id']}" if project else f"/groups/{group['id']}"
        self.admin.post(f"{where}/members", user_id=somebody.id, access_level=level)
        return somebody


@pytest.fixture
def town(yard: Yard) -> Town:
    user_id = yard.seed.user(admin=True)
    admin = Someone(yard, user_id, "admin", yard.seed.personal_token(user_id))
    return Town(yard, admin, Someone(yard, 0, "nobody", None))


__all__ = ["yard"]
