"""Every line of the contract's "What people type", word for word, with the real clients."""

import base64
import hashlib
import json
import re
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
from tests.e2e.conftest import with_credentials
from tests.support.clients import Person, my_pypi_package
from tests.support.distributions import ADistribution, Built
from tests.support.seed import Seed, SeededProject
from tests.support.wheelyard import Wheelyard

from wheelyard_core.domain.access import Role, Scope, Visibility

pytestmark = [pytest.mark.e2e, pytest.mark.integration]

GREET = "from mypypipackage import greet; print(greet.SayHello())"


def upload_url(wheelyard: Wheelyard, project: SeededProject) -> str:
    return f"{wheelyard.url}/api/v4/projects/{project.id}/packages/pypi"


def index_url(wheelyard: Wheelyard, project: SeededProject, token: str) -> str:
    return with_credentials(f"{upload_url(wheelyard, project)}/simple", "__token__", token)


def write(folder: Path, *distributions: Built) -> list[Path]:
    folder.mkdir(exist_ok=True)
    for built in distributions:
        (folder / built.filename).write_bytes(built.content)
    return [folder / built.filename for built in distributions]


def as_token(token: str) -> dict[str, str]:
    return {"TWINE_USERNAME": "__token__", "TWINE_PASSWORD": token}


@pytest.fixture
def publish(wheelyard: Wheelyard, project: SeededProject, token: str, person: Person) -> "Publish":
    return Publish(wheelyard, project, token, person)


class Publish:
    """`twine upload` into the test's project."""

    def __init__(
        self, wheelyard: Wheelyard, project: SeededProject, token: str, person: Person
    ) -> None:
        self.url = upload_url(wheelyard, project)
        self.index = index_url(wheelyard, project, token)
        self._token = token
        self._person = person

    def __call__(self, *files: Path) -> None:
        self.attempt(*files, code=0)

    def attempt(self, *files: Path, code: int) -> str:
        done = self._person.twine(
            "upload", "--repository-url", self.url, *files, env=as_token(self._token)
        )
        assert done.code == code, done.output
        return done.output

    def built(self, *distributions: Built) -> None:
        self(*write(self._person.home / "dist", *distributions))


@pytest.mark.parametrize("spelling", ["number", "path"])
def test_twine_publishes_what_setuptools_built_and_pip_installs_it(
    spelling: str, wheelyard: Wheelyard, project: SeededProject, token: str, person: Person
) -> None:
    reference = str(project.id) if spelling == "number" else quote(project.path, safe="")
    address = f"{wheelyard.url}/api/v4/projects/{reference}/packages/pypi"
    (person.home / ".pypirc").write_text(
        f"[distutils]\nindex-servers = yard\n\n[yard]\nrepository = {address}\n"
        f"username = __token__\npassword = {token}\n"
    )
    files = person.build(my_pypi_package(person.home / "src"))

    person.twine("upload", "--repository", "yard", *files).succeeded()

    environment = person.environment()
    index = with_credentials(f"{address}/simple", "__token__", token)
    environment.pip("install", "--index-url", index, "--no-deps", "mypypipackage").succeeded()
    assert [file.name for file in files] == [
        "mypypipackage-0.0.1.tar.gz",
        "mypypipackage-0.0.1-py3-none-any.whl",
    ]
    assert environment.says(GREET) == "Hello"


def test_twine_publishes_with_a_deploy_token(
    wheelyard: Wheelyard, seed: Seed, project: SeededProject, token: str, person: Person
) -> None:
    secret = seed.deploy_token(project=project, username="wheelyard-deploy-token-1")
    environment = {"TWINE_USERNAME": "wheelyard-deploy-token-1", "TWINE_PASSWORD": secret}
    files = person.build(my_pypi_package(person.home / "src"))

    person.twine(
        "upload", "--repository-url", upload_url(wheelyard, project), *files, env=environment
    ).succeeded()

    assert listed(index_url(wheelyard, project, token), "mypypipackage") == {
        file.name for file in files
    }


def test_twine_publishes_from_a_pipeline_with_a_job_token(
    wheelyard: Wheelyard, seed: Seed, project: SeededProject, token: str, person: Person
) -> None:
    job = {"TWINE_USERNAME": "gitlab-ci-token", "TWINE_PASSWORD": seed.job_token(project)}
    files = person.build(my_pypi_package(person.home / "src"))

    person.twine(
        "upload", "--repository-url", upload_url(wheelyard, project), *files, env=job
    ).succeeded()

    assert listed(index_url(wheelyard, project, token), "mypypipackage") == {
        file.name for file in files
    }


def test_a_job_token_under_another_name_is_refused_in_words(
    wheelyard: Wheelyard, seed: Seed, project: SeededProject, person: Person
) -> None:
    files = write(person.home / "dist", ADistribution().wheel())
    wrong = {"TWINE_USERNAME": "__token__", "TWINE_PASSWORD": seed.job_token(project)}

    refused = person.twine(
        "upload", "--repository-url", upload_url(wheelyard, project), *files, env=wrong
    )

    assert "gitlab-ci-token" in refused.failed().output


def test_pip_installs_beside_another_index(publish: Publish, person: Person) -> None:
    publish(*person.build(my_pypi_package(person.home / "src")))
    environment = person.environment()

    environment.pip(
        "install", "mypypipackage", "--no-deps", "--extra-index-url", publish.index
    ).succeeded()

    assert environment.says(GREET) == "Hello"


@pytest.mark.parametrize("spelling", ["my.package", "my-package", "my_package"])
def test_pip_installs_from_a_group_by_any_spelling(
    spelling: str,
    wheelyard: Wheelyard,
    seed: Seed,
    project: SeededProject,
    publish: Publish,
    person: Person,
) -> None:
    publish.built(ADistribution().named("my.package", "1.0").wheel())
    reader = seed.personal_token(seed.member(Role.REPORTER, group=project.group), Scope.READ_API)
    group = f"{wheelyard.url}/api/v4/groups/{project.group.path}/-/packages/pypi/simple"
    environment = person.environment()

    done = environment.pip(
        "install", "-vv", "--index-url", with_credentials(group, "__token__", reader), spelling
    ).succeeded()

    assert environment.says("import my_package; print(my_package.VERSION)") == "1.0"
    assert f"/api/v4/groups/{project.group.id}/-/packages/pypi/files/" in done.output


def test_pip_installs_from_a_nested_group_by_its_encoded_path(
    wheelyard: Wheelyard, seed: Seed, person: Person
) -> None:
    outer = seed.group()
    project = seed.project(seed.group(outer))
    deploy = seed.deploy_token(group=outer)
    dist = write(person.home / "dist", ADistribution().wheel())
    publish = Publish(wheelyard, project, deploy, person)
    publish(*dist)
    encoded = quote(project.group.path, safe="")
    group = f"{wheelyard.url}/api/v4/groups/{encoded}/-/packages/pypi/simple"
    environment = person.environment()

    environment.pip(
        "install", "--index-url", with_credentials(group, "deployer", deploy), "demo"
    ).succeeded()

    assert environment.says("import demo; print(demo.VERSION)") == "1.0"


def test_pip_requires_hashes_and_finds_them_true(publish: Publish, person: Person) -> None:
    wheel = ADistribution().wheel()
    publish.built(wheel)
    requirements = person.home / "requirements.txt"
    requirements.write_text(f"demo==1.0 --hash=sha256:{wheel.sha256}\n")
    environment = person.environment()

    environment.pip(
        "install", "--index-url", publish.index, "--require-hashes", "-r", requirements
    ).succeeded()

    assert environment.says("import demo; print(demo.VERSION)") == "1.0"


def test_pip_resolves_what_a_package_requires_and_which_python(
    publish: Publish, person: Person
) -> None:
    publish.built(
        ADistribution().named("app", "1.0").requiring("library>=2").wheel(),
        ADistribution().named("library", "1.9").wheel(),
        ADistribution().named("library", "2.1").wheel(),
        ADistribution().named("library", "3.0").requiring_python(">=4").wheel(),
    )
    environment = person.environment()

    environment.pip("install", "--index-url", publish.index, "app").succeeded()

    assert environment.says("import library; print(library.VERSION)") == "2.1"


def test_pip_downloads_exactly_the_bytes_published(publish: Publish, person: Person) -> None:
    wheel, sdist = ADistribution().wheel(), ADistribution().sdist()
    publish.built(wheel, sdist)
    folder = person.home / "downloads"

    for only in ("--only-binary=:all:", "--no-binary=:all:"):
        person.pip(
            "download", "--index-url", publish.index, "--no-deps", only, "-d", folder, "demo"
        ).succeeded()

    assert {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()
    } == {
        wheel.filename: wheel.sha256,
        sdist.filename: sdist.sha256,
    }


def test_pip_tells_the_download_address(publish: Publish, person: Person) -> None:
    wheel = ADistribution().wheel()
    publish.built(wheel)

    told = person.environment().pip(
        "install", "-vv", "--index-url", publish.index, "--no-deps", "demo"
    )

    address = rf"/packages/pypi/files/{wheel.sha256}/{re.escape(wheel.filename)}(?=[\s#(]|$)"
    assert re.search(address, told.succeeded().output, re.MULTILINE)


def test_pip_takes_its_credentials_from_netrc(
    wheelyard: Wheelyard, publish: Publish, project: SeededProject, token: str, person: Person
) -> None:
    publish.built(ADistribution().wheel())
    netrc = person.home / ".netrc"
    netrc.write_text(f"machine 127.0.0.1\nlogin __token__\npassword {token}\n")
    netrc.chmod(0o600)
    environment = person.environment()

    environment.pip(
        "install", "--index-url", f"{upload_url(wheelyard, project)}/simple", "demo"
    ).succeeded()

    assert environment.says("import demo; print(demo.VERSION)") == "1.0"


def test_pip_finds_nothing_without_a_token(
    wheelyard: Wheelyard, publish: Publish, project: SeededProject, person: Person
) -> None:
    publish.built(ADistribution().wheel())

    refused = person.environment().pip(
        "install", "--index-url", f"{upload_url(wheelyard, project)}/simple", "demo"
    )

    assert "No matching distribution" in refused.failed().output


def test_pip_installs_from_a_public_project_without_a_token(
    wheelyard: Wheelyard, seed: Seed, person: Person
) -> None:
    project = seed.project(visibility=Visibility.PUBLIC)
    publish = Publish(wheelyard, project, seed.developer_token(project), person)
    publish.built(ADistribution().wheel())
    environment = person.environment()

    environment.pip(
        "install", "--index-url", f"{wheelyard.url}/{project.path}/simple", "demo"
    ).succeeded()

    assert environment.says("import demo; print(demo.VERSION)") == "1.0"


def test_twine_publishes_to_the_short_address(
    wheelyard: Wheelyard, project: SeededProject, token: str, person: Person
) -> None:
    files = write(person.home / "dist", ADistribution().wheel())

    person.twine(
        "upload",
        "--repository-url",
        f"{wheelyard.url}/{project.path}/legacy/",
        *files,
        env=as_token(token),
    ).succeeded()

    assert listed(index_url(wheelyard, project, token), "demo") == {files[0].name}


def test_uv_publishes_and_installs(
    wheelyard: Wheelyard, project: SeededProject, token: str, person: Person
) -> None:
    files = person.build(my_pypi_package(person.home / "src"))
    environment = person.environment()

    person.uv(
        "publish", "--publish-url", upload_url(wheelyard, project), "--token", token, *files
    ).succeeded()
    index = index_url(wheelyard, project, token)
    environment.uv_pip("install", "--index-url", index, "mypypipackage").succeeded()

    assert environment.says(GREET) == "Hello"


def test_uv_skips_what_its_check_url_has(publish: Publish, token: str, person: Person) -> None:
    wheel, sdist = ADistribution().wheel(), ADistribution().sdist()
    publish.built(wheel)
    files = write(person.home / "dist", wheel, sdist)

    told = person.uv(
        "publish",
        "--publish-url",
        publish.url,
        "--check-url",
        # uv does not use the credentials for publishing here.
        publish.index,
        *files,
        env={"UV_PUBLISH_USERNAME": "__token__", "UV_PUBLISH_PASSWORD": token},
    ).succeeded()

    assert f"{wheel.filename} already exists, skipping" in told.output
    assert listed(publish.index, "demo") == {wheel.filename, sdist.filename}


def test_uv_prints_why_a_file_is_refused(publish: Publish, token: str, person: Person) -> None:
    publish.built(ADistribution().wheel())
    other = write(person.home / "other", ADistribution().with_payload(b"x = 1\n").wheel())

    refused = person.uv("publish", "--publish-url", publish.url, "--token", token, *other)

    assert "has already been taken" in refused.failed().output


def test_other_bytes_of_a_version_that_exists_are_refused_in_words(
    publish: Publish, person: Person
) -> None:
    publish(*person.build(my_pypi_package(person.home / "first")))
    again = person.build(my_pypi_package(person.home / "second", greeting="Hi"))

    told = publish.attempt(*again, code=1)

    assert "400" in told
    assert re.search(r"File already exists: mypypipackage-0\.0\.1\S+ has already been taken", told)


def test_the_same_files_again_are_a_success(publish: Publish, person: Person) -> None:
    files = person.build(my_pypi_package(person.home / "src"))
    publish(*files)

    publish(*files)

    assert listed(publish.index, "mypypipackage") == {file.name for file in files}


def test_another_file_joins_a_version_that_exists(publish: Publish, person: Person) -> None:
    sdist, wheel = person.build(my_pypi_package(person.home / "src"))
    publish(sdist)

    publish(wheel)

    assert listed(publish.index, "mypypipackage") == {sdist.name, wheel.name}


def test_twine_prints_what_is_wrong_inside_a_file(publish: Publish, person: Person) -> None:
    files = write(person.home / "dist", ADistribution().with_member("../evil.py").wheel())

    told = publish.attempt(*files, code=1)

    assert "400" in told
    assert "'../evil.py' contains '..'" in told


def test_a_rebuilt_file_is_accepted_after_its_package_was_deleted(
    wheelyard: Wheelyard, project: SeededProject, publish: Publish, person: Person
) -> None:
    publish(*person.build(my_pypi_package(person.home / "first")))
    packages = f"{wheelyard.url}/api/v4/projects/{project.id}/packages"
    (package,) = ask(wheelyard, "GET", packages)
    ask(wheelyard, "DELETE", f"{packages}/{package['id']}")
    rebuilt = person.build(my_pypi_package(person.home / "second", greeting="Hi"))

    publish(*rebuilt)

    environment = person.environment()
    environment.pip("install", "--index-url", publish.index, "mypypipackage").succeeded()
    assert environment.says(GREET) == "Hi"


def ask(wheelyard: Wheelyard, method: str, url: str) -> list[dict[str, object]]:
    """Ask the administration API as an administrator."""
    headers = {"PRIVATE-TOKEN": wheelyard.admin_token}
    with urlopen(Request(url, method=method, headers=headers), timeout=30) as answer:
        body = answer.read()
    parsed = json.loads(body) if body else []
    assert isinstance(parsed, list)
    return parsed


def listed(index: str, package: str) -> set[str]:
    """Return the names of the files on a package's page, asked as an installer does."""
    address, _, host = index.removeprefix("http://").partition("@")
    accept = {"Accept": "application/vnd.pypi.simple.v1+json"}
    request = Request(f"http://{host}/{package}/", headers=accept)
    request.add_header("Authorization", basic(address))
    try:
        with urlopen(request, timeout=30) as answer:
            return {file["filename"] for file in json.load(answer)["files"]}
    except HTTPError as error:
        raise AssertionError(f"{error.code}: {error.read()!r}") from error


def basic(user_and_secret: str) -> str:
    """Return the header of basic authentication."""
    return "Basic " + base64.b64encode(user_and_secret.encode()).decode()
