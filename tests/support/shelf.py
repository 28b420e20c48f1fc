"""Very many packages and projects, written behind the back of what makes them one by one."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sqlalchemy import create_engine, insert
from sqlalchemy.orm import Session
from tests.support.seed import SeededGroup, SeededProject

from wheelyard_core.adapters.db.models import File, FileMetadata, Package, ProjectRow, Release
from wheelyard_core.bootstrap import Registry
from wheelyard_core.domain.access import RegistryAccess, Visibility
from wheelyard_core.domain.catalogue import FileStatus
from wheelyard_core.domain.versions import ReleaseVersion

_PUBLISHER = {
    "user_id": None,
    "token_id": None,
    "name": "filler",
    "pipeline": None,
    "kind": "person",
}
_DOCUMENT: dict[str, object] = {
    **dict.fromkeys(("author", "author_email", "home_page", "keywords", "license")),
    **{name: [] for name in ("classifiers", "license_files", "project_urls", "provides_extra")},
    "requires_dist": [],
}
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def fill(
    registry: Registry, project: SeededProject, names: list[str], versions: tuple[str, ...]
) -> None:
    """Add a package of each name with a release of each version and a wheel in each."""
    engine = create_engine(registry.settings.database.url)
    with Session(engine) as session:
        for name in names:
            _add_package(session, project.id, name, versions)
        session.commit()
    engine.dispose()


def add_projects(registry: Registry, group: SeededGroup, count: int) -> list[int]:
    """Add private projects to the group; return their numbers."""
    with Session(registry.database.engine) as session:
        numbers = session.scalars(
            insert(ProjectRow).returning(ProjectRow.id),
            [
                {
                    "namespace_id": group.id,
                    "name": f"p{number}",
                    "path": f"p{number}",
                    "full_path": f"{group.path}/p{number}",
                    "path_key": f"{group.path}/p{number}".lower(),
                    "visibility": Visibility.PRIVATE,
                    "registry_access": RegistryAccess.ENABLED,
                    "created_at": _BEGAN,
                }
                for number in range(count)
            ],
        ).all()
        session.commit()
    return list(numbers)


def _add_package(session: Session, project_id: int, name: str, versions: tuple[str, ...]) -> None:
    package = session.execute(
        insert(Package)
        .values(project_id=project_id, name=name, normalized=name, serial=1, created_at=_BEGAN)
        .returning(Package.id)
    ).scalar_one()
    for at, text in enumerate(versions):
        version = ReleaseVersion.parse(text)
        moment = _BEGAN + timedelta(days=at)
        shared = {
            "project_id": project_id,
            "version": version.text,
            "version_key": version.key,
            "publisher": _PUBLISHER,
            "created_at": moment,
        }
        release = session.execute(
            insert(Release)
            .values(
                package_id=package,
                version_order=version.order,
                is_prerelease=version.is_prerelease,
                **shared,
            )
            .returning(Release.id)
        ).scalar_one()
        file = session.execute(
            insert(File)
            .values(
                release_id=release,
                upload_id=str(uuid4()),
                filename=f"{name.replace('-', '_')}-{version.text}-py3-none-any.whl",
                filetype="bdist_wheel",
                normalized=name,
                size=1000,
                sha256="0" * 64,
                md5="0" * 32,
                blake2b="0" * 64,
                blob_key="none",
                status=FileStatus.PUBLISHED,
                published_at=moment,
                **shared,
            )
            .returning(File.id)
        ).scalar_one()
        session.execute(
            insert(FileMetadata).values(file_id=file, summary=f"What {name} is", document=_DOCUMENT)
        )
