"""A visitor with a browser that keeps cookies, and what a page shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from bs4 import BeautifulSoup, Tag
from tests.support.distributions import Built
from tests.support.in_process import Yard
from werkzeug.test import Client, TestResponse

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
FROM_HERE = {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}


@dataclass(frozen=True, slots=True)
class Page:
    """An answer and the document in it."""

    answer: TestResponse
    soup: BeautifulSoup = field(repr=False)

    @property
    def text(self) -> str:
        """Everything that can be read, on one line."""
        return words(self.soup.body or self.soup)

    @property
    def heading(self) -> str:
        (only,) = self.soup.find_all("h1")
        return words(only)

    def rows(self, caption: str) -> list[str]:
        """Return the lines of the table with this in its caption."""
        tables = [
            table
            for table in self.soup.find_all("table")
            if table.caption is not None and caption in words(table.caption)
        ]
        assert len(tables) == 1, [words(table) for table in tables]
        body = tables[0].tbody
        assert body is not None
        return [words(row) for row in body.find_all("tr")]

    def link(self, text: str) -> str:
        """Return where the link with these words leads."""
        found = [link for link in self.soup.find_all("a") if words(link) == text]
        assert found, f"no link {text!r} in {self.text}"
        return str(found[0]["href"])

    def codes(self) -> list[str]:
        """Return the lines to copy."""
        return [code.get_text() for code in self.soup.select(".snippet code")]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody at a browser."""

    yard: Yard
    browser: Client = field(repr=False)

    @classmethod
    def of(cls, yard: Yard) -> Self:
        return cls(yard, Client(yard.client.application))

    def look(self, path: str, status: int = 200, **headers: str) -> Page:
        answer = self.browser.get(path, headers={"Accept": BROWSER, **headers})
        assert answer.status_code == status, answer.text
        return Page(answer, BeautifulSoup(answer.text, "html.parser"))

    def send(
        self, path: str, form: Mapping[str, Any], headers: Mapping[str, str] = FROM_HERE
    ) -> TestResponse:
        return self.browser.post(path, data=dict(form), headers={"Accept": BROWSER, **headers})

    def sign_in(self, secret: str, then: str = "/") -> TestResponse:
        answer = self.send("/_/sign-in", {"token": secret, "next": then})
        assert answer.status_code == 303, answer.text
        return answer


def words(tag: Tag) -> str:
    return " ".join(tag.get_text(" ").split())


def publish(yard: Yard, project_id: int, secret: str, *files: Built) -> None:
    for built in files:
        answer = yard.publish(project_id, built, secret)
        assert answer.status_code == 201, answer.text
