"""A running Wheelyard as its users see it: addresses, pages and bytes."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from urllib.parse import urljoin
from urllib.request import Request, urlopen

from scripts.demo.distributions import Distribution
from scripts.demo.story import expect

_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Registry:
    """One project of a running Wheelyard, and a token for it."""

    url: str
    project: str
    token: str = field(repr=False)

    @property
    def upload_url(self) -> str:
        return f"{self.url}/api/v4/projects/{self.project}/packages/pypi"

    @property
    def index_url(self) -> str:
        """The simple address with credentials in it, as people type it."""
        scheme, host = self.upload_url.split("://", 1)
        return f"{scheme}://__token__:{self.token}@{host}/simple"

    @property
    def twine_environment(self) -> dict[str, str]:
        return {"TWINE_USERNAME": "__token__", "TWINE_PASSWORD": self.token}

    def compare(self, file: Distribution) -> tuple[str, ...]:
        """Return the row of a file whose page, bytes and metadata are those that were published."""
        page = json.loads(
            self._get(
                f"{self.upload_url}/simple/{file.package}/", "application/vnd.pypi.simple.v1+json"
            )
        )
        listed = [it for it in page["files"] if it["filename"] == file.filename]
        expect(bool(listed), f"{file.filename} is not on the page of {file.package}")
        shown = listed[0]
        expect(shown["hashes"] == {"sha256": file.sha256}, f"{file.filename}: another digest")
        expect(shown["size"] == file.size, f"{file.filename}: another size")
        address = urljoin(f"{self.url}/", shown["url"])
        received = hashlib.sha256(self._get(address)).hexdigest()
        expect(received == file.sha256, f"{file.filename}: other bytes came back")
        return (
            file.filename,
            file.kind,
            file.metadata_version,
            f"{file.size:,}",
            self._compare_metadata(file, address, shown.get("core-metadata")),
        )

    def locked(self, report: str) -> list[str]:
        """Return pip's choice as requirements with hashes, all of them from this registry."""
        lines = []
        for chosen in json.loads(report)["install"]:
            metadata, download = chosen["metadata"], chosen["download_info"]
            expect(
                self.url.split("://", 1)[1] in download["url"],
                f"{metadata['name']}: from elsewhere",
            )
            digest = download["archive_info"]["hashes"]["sha256"]
            lines.append(f"{metadata['name']}=={metadata['version']} --hash=sha256:{digest}")
        return sorted(lines)

    def _compare_metadata(self, file: Distribution, address: str, advertised: object) -> str:
        if advertised is None:
            expect(file.is_sdist, f"{file.filename}: its metadata is not advertised")
            return "bytes"
        metadata = self._get(f"{address}.metadata")
        expect(metadata == file.metadata, f"{file.filename}.metadata: other bytes came back")
        digest = {"sha256": hashlib.sha256(metadata).hexdigest()}
        expect(advertised == digest, f"{file.filename}.metadata: another digest")
        return "bytes, metadata"

    def _get(self, address: str, accept: str = "*/*") -> bytes:
        credentials = base64.b64encode(f"__token__:{self.token}".encode()).decode()
        headers = {"Accept": accept, "Authorization": f"Basic {credentials}"}
        with urlopen(Request(address, headers=headers), timeout=_SECONDS) as answer:
            content: bytes = answer.read()
        return content
