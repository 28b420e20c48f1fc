"""Where files are kept: in a folder, or in an object store."""

from typing import Final

from wheelyard_core.adapters.blobs.directory import DirectoryBlobSettings
from wheelyard_core.adapters.blobs.s3_settings import S3Settings
from wheelyard_core.settings.forms import parse_bool, parse_path, url_of
from wheelyard_core.settings.setting import Setting, Source

_BLOBS_DIRECTORY: Final = Setting(
    "WHEELYARD_BLOBS_DIRECTORY",
    parse_path,
    "",
    "A folder for the files, instead of an object store.",
)
_S3_ENDPOINT: Final = Setting(
    "WHEELYARD_S3_ENDPOINT",
    url_of("http", "https"),
    "",
    "The object store, like `https://minio.example.com:9000`.",
)
_S3_PUBLIC_ENDPOINT: Final = Setting(
    "WHEELYARD_S3_PUBLIC_ENDPOINT",
    url_of("http", "https"),
    "",
    "The object store as clients reach it: on another host name than the registry's.",
)
_S3_REGION: Final = Setting("WHEELYARD_S3_REGION", str, "us-east-1", "The object store's region.")
_S3_BUCKET: Final = Setting("WHEELYARD_S3_BUCKET", str, "wheelyard", "The bucket.")
_S3_PREFIX: Final = Setting(
    "WHEELYARD_S3_PREFIX", str, "", "What all keys in the bucket begin with."
)
_S3_ACCESS_KEY: Final = Setting("WHEELYARD_S3_ACCESS_KEY", str, "", "The access key.", secret=True)
_S3_SECRET_KEY: Final = Setting("WHEELYARD_S3_SECRET_KEY", str, "", "The secret key.", secret=True)
_S3_PATH_STYLE: Final = Setting(
    "WHEELYARD_S3_PATH_STYLE", parse_bool, "true", "The bucket in the path, not in the host name."
)
_S3_CA_FILE: Final = Setting(
    "WHEELYARD_S3_CA_FILE", parse_path, "", "CA certificates for the object store."
)


def read_blobs(source: Source) -> DirectoryBlobSettings | S3Settings:
    """Build the settings of whichever blob store is configured."""
    directory, endpoint = source.read(_BLOBS_DIRECTORY), source.read(_S3_ENDPOINT)
    if source.has(_BLOBS_DIRECTORY) == source.has(_S3_ENDPOINT):
        source.problems.append(
            "Either WHEELYARD_BLOBS_DIRECTORY or WHEELYARD_S3_ENDPOINT must be set, and not both"
        )
    if directory is not None:
        return DirectoryBlobSettings(directory)
    return S3Settings(
        endpoint=endpoint,
        public_endpoint=source.read(_S3_PUBLIC_ENDPOINT) or None,
        region=source.read(_S3_REGION),
        bucket=source.read(_S3_BUCKET),
        prefix=source.read(_S3_PREFIX),
        access_key=source.read(_S3_ACCESS_KEY),
        secret_key=source.read(_S3_SECRET_KEY),
        path_style=source.read(_S3_PATH_STYLE),
        ca_file=source.read(_S3_CA_FILE),
    )
