"""What the form's fields declare, parsed once.

Only name, version, filetype and digests count: flit sends a hard-coded metadata version, pdm drops
licence fields, and everything that is served is read from the file.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from wheelyard_core.domain.attestations import Attestation, parse_attestations
from wheelyard_core.domain.digests import (
    DeclaredDigests,
    parse_blake2b,
    parse_md5,
    parse_sha256,
)
from wheelyard_core.domain.errors import Gone, InvalidInput
from wheelyard_core.domain.filenames import DistributionFilename, Filetype
from wheelyard_core.domain.names import PackageName
from wheelyard_core.domain.versions import ReleaseVersion
from wheelyard_core.domain.wording import quoted

_NO_VALUE: Final = frozenset({"", "UNKNOWN"})


@dataclass(frozen=True, slots=True)
class Declared:
    """A form's claims about its file, except the file name."""

    name: PackageName
    version: ReleaseVersion
    filetype: Filetype | None
    digests: DeclaredDigests

    def filename(self, text: str) -> DistributionFilename:
        """Return the file's name, or raise InvalidFilename where it contradicts the claims."""
        filename = DistributionFilename.parse_for(text, self.name, self.version)
        if self.filetype is not None and filename.filetype is not self.filetype:
            raise InvalidInput(
                f"filetype is {self.filetype.value}, but {text} is a {filename.filetype.value}"
            )
        return filename


def check_action(fields: Mapping[str, list[str]], query: Mapping[str, str]) -> None:
    """Refuse what is no upload of a file."""
    action = _one(fields, ":action") or query.get(":action", "")
    if action in {"submit", "submit_pkg_info", "doc_upload"}:
        raise Gone(f":action={action} is gone; upload files with twine or uv")
    if action not in {"", "file_upload"}:
        raise InvalidInput(f":action must be file_upload, not {quoted(action)}")
    if _one(fields, "protocol_version") not in {"", "1"}:
        raise InvalidInput("protocol_version must be 1, if it is sent at all")


def read_declared(fields: Mapping[str, list[str]]) -> Declared:
    """Return what the fields declare. Raises InvalidInput and its kin, naming the field."""
    filetype = _one(fields, "filetype")
    if filetype and filetype not in set(Filetype):
        raise InvalidInput(f"filetype must be sdist or bdist_wheel, not {quoted(filetype)}")
    return Declared(
        name=PackageName.parse(_required(fields, "name")),
        version=ReleaseVersion.parse(_required(fields, "version")),
        filetype=Filetype(filetype) if filetype else None,
        digests=DeclaredDigests(
            sha256=_digest(fields, "sha256_digest", parse_sha256),
            md5=_digest(fields, "md5_digest", parse_md5),
            blake2b=_digest(fields, "blake2_256_digest", parse_blake2b),
        ),
    )


def read_attestations(fields: Mapping[str, list[str]]) -> tuple[Attestation, ...]:
    """Return the attestations so far. Raises InvalidAttestations."""
    return parse_attestations(_one(fields, "attestations"))


def is_complete(fields: Mapping[str, list[str]]) -> bool:
    """Tell whether the fields so far are enough to decide by, before the file is read."""
    return bool(fields.get("name")) and bool(fields.get("version"))


def _digest(fields: Mapping[str, list[str]], name: str, parse: Callable[[str], str]) -> str | None:
    text = _one(fields, name)
    return parse(text) if text else None


def _required(fields: Mapping[str, list[str]], name: str) -> str:
    text = _one(fields, name, strip_unknown=False)
    if text == "":
        raise InvalidInput(
            f"The field {name} is missing: an upload needs name, version and content"
        )
    return text


def _one(fields: Mapping[str, list[str]], name: str, *, strip_unknown: bool = True) -> str:
    """Return the one value of a field, "" where it has none; two that differ are refused."""
    values = set(fields.get(name, []))
    if len(values) > 1:
        raise InvalidInput(f"The field {name} is sent twice with different values: send it once")
    value = values.pop() if values else ""
    return "" if strip_unknown and value in _NO_VALUE else value
