"""The style sheet and the picture, each under a name that changes with its content."""

import gzip
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from flask import Response, request

from wheelyard_core.domain.errors import NotFound
from wheelyard_core.simple.negotiation import accepts_gzip

_FOLDER: Final = Path(__file__).parent / "static"
_TYPES: Final = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that never changes under its name."""

    name: str
    content: bytes
    compressed: bytes
    content_type: str


class Assets:
    """All of them, read once; `names` gives the present name of each."""

    def __init__(self) -> None:
        self._assets: dict[str, Asset] = {}
        self.names: dict[str, str] = {}
        for file in sorted(_FOLDER.iterdir()):
            asset = _read(file)
            self._assets[asset.name] = asset
            self.names[file.name] = asset.name

    def answer(self, name: str) -> Response:
        """Return the answer with one of them. Raises NotFound."""
        asset = self._assets.get(name)
        if asset is None:
            raise NotFound(f"There is no {name}")
        small = accepts_gzip(request.headers.get("Accept-Encoding"))
        response = Response(asset.compressed if small else asset.content)
        response.content_type = asset.content_type
        if small:
            response.headers["Content-Encoding"] = "gzip"
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def _read(file: Path) -> Asset:
    content = file.read_bytes()
    digest = sha256(content).hexdigest()[:16]
    return Asset(
        name=f"{file.stem}.{digest}{file.suffix}",
        content=content,
        compressed=gzip.compress(content, mtime=0),
        content_type=_TYPES[file.suffix],
    )
