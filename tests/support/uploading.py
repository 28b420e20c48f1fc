"""One kept connection, for what is about connections and for measuring."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from tests.support.forms import SECONDS, basic, form_headers


@dataclass
class Connection:
    """A connection of somebody with a token, which is never opened a second time."""

    host: str
    token: str = field(repr=False)

    def __enter__(self) -> Self:
        self._http = http.client.HTTPConnection(self.host, timeout=SECONDS)
        self._http.connect()
        self._http.auto_open = 0
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def upload(self, path: str, form: bytes) -> tuple[int, str]:
        """Return the answer's status and message."""
        self._http.request("POST", path, form, form_headers(self.token))
        answer = self._http.getresponse()
        return answer.status, json.loads(answer.read())["message"]

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> bytes:
        """Return what is there."""
        who = basic("__token__", self.token)
        self._http.request("GET", path, headers={**who, **(headers or {})})
        answer = self._http.getresponse()
        content = answer.read()
        assert answer.status == http.client.OK, content
        return content
