"""Whether a folder and a metadata file are those of the distribution that a file name names."""

from collections.abc import Iterator

from wheelyard_core.domain.errors import InvalidName, InvalidVersion
from wheelyard_core.domain.filenames import DistributionFilename, is_same, named_splits
from wheelyard_core.domain.metadata import CoreMetadata
from wheelyard_core.domain.names import PackageName
from wheelyard_core.domain.versions import ReleaseVersion
from wheelyard_core.domain.wording import quoted


def belongs(stem: str, filename: DistributionFilename) -> bool:
    """Whether `stem` is a spelling of the file's `{name}-{version}`, escaped or not."""
    return any(
        is_same(name, version, filename.name, filename.version)
        for name, version in named_splits(stem)
    )


def identity_problems(
    metadata: CoreMetadata, member: str, filename: DistributionFilename
) -> Iterator[str]:
    """Yield a sentence for Name and Version if they are not those of the file name."""
    try:
        name = PackageName.parse(metadata.name)
        # PEP 440 lets white space surround a version; a header line may end in some.
        version = ReleaseVersion.parse(metadata.version.strip())
    except (InvalidName, InvalidVersion) as error:
        yield f"{member}: {error}"
        return
    if name.normalized != filename.name.normalized:
        yield (
            f"{member}: the name {quoted(metadata.name)} is not "
            f"the file name's {quoted(filename.name.text)}."
        )
    if version.key != filename.version.key:
        yield (
            f"{member}: the version {quoted(metadata.version)} is not "
            f"the file name's {quoted(filename.version.text)}."
        )
