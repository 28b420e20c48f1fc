"""Steps that change the release: to another image, back, and away."""

from tests.cluster.kube import DidNotHappen, wait_until
from tests.cluster.report import Outcome
from tests.cluster.yard import IMAGE, RELEASE, Yard, component, name

_VOLUME = "PersistentVolumeClaim/"
# Helm waits for its own objects and not for their pods, which have up to a minute.
_ENDED_SECONDS = 90.0


def upgrade(yard: Yard) -> Outcome:
    """Upgrade to another image under a steady load."""
    with yard.load() as load:
        yard.put("upgrade", yard.tags[1])
        yard.wait_until_ready(seconds=600)
    _all_run(yard, yard.tags[1])
    return Outcome().add(load).finds(yard)


def rollback(yard: Yard) -> Outcome:
    """Roll back to the revision before, under a steady load."""
    with yard.load() as load:
        yard.cluster.helm("rollback", RELEASE, "--wait", "--timeout", "600s")
        yard.wait_until_ready(seconds=600)
    _all_run(yard, yard.tags[0])
    return Outcome().add(load).finds(yard)


def uninstall(yard: Yard) -> Outcome:
    """Uninstall; see what is left when the pods have had their time to end."""
    said = yard.cluster.helm("uninstall", RELEASE, "--wait", "--timeout", "180s")

    def only_volumes() -> bool:
        others = [one for one in _left(yard) if not one.startswith(_VOLUME)]
        assert not others, f"{', '.join(others)} is left"
        return True

    wait_until("nothing is left that the chart does not speak of", only_volumes, _ENDED_SECONDS)
    outcome = Outcome()
    for line in said.splitlines():
        outcome.say(line)
    return outcome.say(f"left, as the chart says: {', '.join(_left(yard)) or 'nothing'}")


def _left(yard: Yard) -> list[str]:
    kinds = (
        "all,configmaps,secrets,serviceaccounts,persistentvolumeclaims,networkpolicies,"
        "poddisruptionbudgets,roles,rolebindings,ingresses,endpointslices"
    )
    # What every namespace has, and what this run itself put there.
    others = ("kube-root-ca.crt", "default", "from-outside")
    found = (one for one in yard.cluster.all(kinds) if not name(one).startswith(others))
    return [f"{one['kind']}/{name(one)}" for one in found]


def _all_run(yard: Yard, tag: str) -> None:
    """See that each of our own pods has the image."""
    wanted = f"{IMAGE}:{tag}"
    for pod in yard.pods():
        images = {one["image"] for one in pod["spec"]["containers"]}
        if component(pod) != "gateway" and wanted not in {
            i.removeprefix("docker.io/") for i in images
        }:
            raise DidNotHappen(f"{name(pod)} runs {images} and not {wanted}")
