"""What a client of the registry does, over HTTP: upload, look, download, delete."""

import hashlib
import json
import secrets
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import quote, urljoin, urlsplit
from urllib.request import Request, urlopen

from wheelyard_api.admin.smoke_wheel import PACKAGE, TinyWheel

_SECONDS: Final = 20.0
_SHOWN: Final = 300


class Refused(Exception):
    """The registry's answer where another one was expected, as a sentence, with its status."""

    def __init__(self, sentence: str, status: int | None = None) -> None:
        super().__init__(sentence)
        self.status = status


class SmokeClient:
    """One project of a registry at *url*, to which the public address's *base_path* is mapped."""

    def __init__(self, url: str, base_path: str, project: int, token: str) -> None:
        self._url = url.rstrip("/")
        self._base_path = base_path
        self._project = f"/api/v4/projects/{project}/packages"
        self._authorization = f"Basic {b64encode(f'__token__:{token}'.encode()).decode()}"

    def upload(self, wheel: TinyWheel) -> str:
        """Publish the wheel; return what was answered."""
        content = wheel.content()
        fields = {
            ":action": "file_upload",
            "protocol_version": "1",
            "metadata_version": "2.1",
            "name": PACKAGE,
            "version": wheel.version,
            "filetype": "bdist_wheel",
            "pyversion": "py3",
            "sha256_digest": hashlib.sha256(content).hexdigest(),
        }
        boundary, body = _form(fields, wheel.filename, content)
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        return self._ask("POST", f"{self._project}/pypi", headers, body).decode(errors="replace")

    def digest_on_page(self, wheel: TinyWheel) -> tuple[str, str] | None:
        """Return the file's address and sha256 as its simple page tells them, once it does."""
        page = f"{self._project}/pypi/simple/{PACKAGE}/"
        headers = {"Accept": "application/vnd.pypi.simple.v1+json", "Cache-Control": "no-cache"}
        try:
            files = json.loads(self._ask("GET", page, headers))["files"]
        except Refused:
            return None
        for file in files:
            if file["filename"] == wheel.filename:
                address = urlsplit(urljoin(self._base_path + page, file["url"])).path
                return address.removeprefix(self._base_path), file["hashes"]["sha256"]
        return None

    def download(self, address: str) -> bytes:
        """Return a file's bytes."""
        return self._ask("GET", address)

    def delete(self, wheel: TinyWheel) -> bool:
        """Delete the release of the wheel; False where it is not there."""
        query = f"?package_name={quote(PACKAGE)}&package_version={quote(wheel.version)}"
        found: list[dict[str, Any]] = json.loads(self._ask("GET", f"{self._project}{query}"))
        numbers = [one["id"] for one in found if one["version"] == wheel.version]
        for number in numbers:
            self._ask("DELETE", f"{self._project}/{number}")
        return bool(numbers)

    def _ask(
        self,
        method: str,
        address: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> bytes:
        request = Request(  # noqa: S310  the operator says which registry
            self._url + address,
            method=method,
            data=body,
            headers={"Authorization": self._authorization, **(headers or {})},
        )
        try:
            with urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310  as above
                content: bytes = answer.read()
        except HTTPError as error:
            with error:
                text = error.read().decode(errors="replace")[:_SHOWN]
            raise Refused(f"{method} {address}: {error.code} {text}", error.code) from error
        return content


def _form(fields: Mapping[str, str], filename: str, content: bytes) -> tuple[str, bytes]:
    boundary = secrets.token_hex(16)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="content"; filename="{filename}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return boundary, "".join(parts).encode() + content + f"\r\n--{boundary}--\r\n".encode()
