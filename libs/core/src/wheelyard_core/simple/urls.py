"""The addresses that simple pages link to.

Those of files are path-absolute: they hold under any host name, and mean the same on a page that
was asked for with its trailing slash and without, which `../` would not.
"""

from urllib.parse import quote, urlsplit


def file_url(base_path: str, scope: str, sha256: str, filename: str) -> str:
    """Return the download address of a file, ready for a page.

    `base_path` is the path of the configured public address ("" or "/registry"), `scope` is
    "projects/42" or "groups/7/-".

    Everything outside RFC 3986's unreserved characters is encoded, `+` and `!` too, though a path
    segment may hold them raw. pip encodes them whatever the page says, and uv sends what the page
    says: encoded here, both ask for the same bytes, so one cache key serves both, and no hop
    (S3 does) reads the `+` of a local version as a space.
    """
    return f"{base_path}/api/v4/{scope}/packages/pypi/files/{sha256}/{quote(filename, safe='')}"


def simple_url(base_path: str, scope: str) -> str:
    """Return the address of the simple root, without the trailing slash that it may also have."""
    return f"{base_path}/api/v4/{scope}/packages/pypi/simple"


def provenance_url(public_url: str, scope: str, package: str, version: str, filename: str) -> str:
    """Return where a file's provenance object is: with a host, which PEP 740 wants."""
    named = "/".join(quote(part, safe="") for part in (package, version, filename))
    place = f"{public_url.rstrip('/')}/api/v4/{scope}/packages/pypi"
    return f"{place}/integrity/{named}/provenance"


def path_of(public_url: str) -> str:
    """Return the path of the public address, which begins every link on a page."""
    return urlsplit(public_url).path.rstrip("/")
