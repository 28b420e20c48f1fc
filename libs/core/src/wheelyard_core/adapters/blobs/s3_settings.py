"""Which bucket, in a module of its own: whoever reads settings need not load the client."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class S3Settings:
    """Which bucket of which server, and how to be let in.

    *public_endpoint* is the server's address for clients, where it has another one inside.
    *path_style* puts the bucket in the path; off, it goes before the host name.
    """

    endpoint: str
    region: str
    bucket: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    public_endpoint: str | None = None
    prefix: str = ""
    path_style: bool = True
    ca_file: Path | None = None
