"""The invariants of who may: 7 and 8.

Every test was seen to fail with the code that keeps its invariant broken: docs/INVARIANTS.md says
how.
"""

from datetime import timedelta

import pytest
from tests.integration.standstill import Clock, clock
from tests.support.distributions import ADistribution
from tests.support.forms import basic
from tests.support.in_process import Yard
from tests.support.seed import SeededProject

from wheelyard_core.adapters.cache.epoch import GRANT_SECONDS
from wheelyard_core.domain.access import Scope, Visibility

pytestmark = pytest.mark.integration

__all__ = ["clock"]

WHEEL = ADistribution().wheel()
LATER = ADistribution().versioned("2.0").wheel()


def test_7_a_revoked_token_stops_at_once_on_every_replica(
    yard: Yard, project: SeededProject, maintainer: str
) -> None:
    yard.must_publish(project.id, maintainer, WHEEL)
    replicas = [yard, yard.another_replica(), yard.another_replica()]
    for replica in 3 * replicas:
        assert replica.page(project.id, "demo", maintainer).status_code == 200

    gone = yard.ask("DELETE", "/api/v4/personal_access_tokens/self", maintainer)

    assert gone.status_code == 204
    pages = [replica.page(project.id, "demo", maintainer) for replica in replicas]
    assert [page.status_code for page in pages] == [401] * 3
    assert yard.publish(project.id, LATER, maintainer).status_code == 401


def test_7_an_expired_token_stops_at_once_on_every_replica(
    yard: Yard, project: SeededProject, maintainer: str, clock: Clock
) -> None:
    yard.must_publish(project.id, maintainer, WHEEL)
    deploy = yard.seed.deploy_token(Scope.READ_REGISTRY, project=project)
    replicas = [clock.over(yard).another_replica() for _ in range(2)]
    # Sooner than any decision is forgotten.
    soon = GRANT_SECONDS / 2
    yard.seed.expired(deploy, clock.now() + timedelta(seconds=soon))
    address = f"/api/v4/projects/{project.id}/packages/pypi/simple/demo/"

    def statuses() -> set[int]:
        headers = basic("deployer", deploy)
        return {one.client.get(address, headers=headers).status_code for one in 3 * replicas}

    assert statuses() == {200}
    clock.let_pass(soon)
    assert statuses() == {401}


@pytest.mark.parametrize("who", ["a stranger", "anonymous"])
def test_8_nobody_learns_of_a_private_project_or_reads_its_bytes(
    yard: Yard, project: SeededProject, maintainer: str, who: str
) -> None:
    yard.must_publish(project.id, maintainer, WHEEL)
    [listed] = yard.listing(project.id, "demo", maintainer)
    file = listed["url"].partition("#")[0]
    token = yard.seed.personal_token(yard.seed.user()) if who == "a stranger" else None
    # The owner has just read everything: what is remembered for one is not for another.
    for _ in range(3):
        yard.listed(project.id, "demo", maintainer)
    for address in (file, f"{file}.metadata"):
        with yard.ask("GET", address, maintainer) as owned:
            assert (owned.status_code, len(owned.data) > 0) == (200, True)
    real, none = str(project.id), "987654321"
    api = "/api/v4/projects/{}/packages"
    addresses = [
        *(f"{api}/pypi/simple", f"{api}/pypi/simple/", f"{api}/pypi/simple/demo/"),
        *(api, f"{api}/1", f"{api}/1/package_files", "/api/v4/projects/{}"),
        *(file.replace(f"/{real}/", "/{}/"), file.replace(f"/{real}/", "/{}/") + ".metadata"),
    ]
    for address in addresses:
        told = [yard.ask("GET", address.format(one), token) for one in (real, none)]
        assert told[0].status_code == (404 if token else 401), address
        assert told[0].status_code == told[1].status_code, address
        assert told[0].text == told[1].text, address
    public = yard.seed.project(visibility=Visibility.PUBLIC)
    borrowed = file.replace(f"/{real}/", f"/{public.id}/")
    assert yard.ask("GET", borrowed, token).status_code == 404
