"""Steps that change the release: to another image, back, and away."""

from tests.cluster.kube import DidNotHappen
from tests.cluster.report import Outcome
from tests.cluster.yard import CHART, IMAGE, RELEASE, Yard, component, name


def upgrade(yard: Yard) -> Outcome:
    """Upgrade to another image under a steady load."""
    with yard.load() as load:
        yard.cluster.helm("upgrade", RELEASE, str(CHART), *yard.values(yard.tags[1]))
        yard.wait_until_ready(seconds=600)
    _all_run(yard, yard.tags[1])
    return Outcome().add(load).say(f"{yard.holds_everything()} files, each with its digest")


def rollback(yard: Yard) -> Outcome:
    """Roll back to the revision before, under a steady load."""
    with yard.load() as load:
        yard.cluster.helm("rollback", RELEASE)
        yard.wait_until_ready(seconds=600)
    _all_run(yard, yard.tags[0])
    return Outcome().add(load).say(f"{yard.holds_everything()} files, each with its digest")


def uninstall(yard: Yard) -> Outcome:
    """Uninstall; see what is left."""
    said = yard.cluster.helm("uninstall", RELEASE, "--wait", "--timeout", "180s")
    kinds = (
        "all,configmaps,secrets,serviceaccounts,persistentvolumeclaims,networkpolicies,"
        "poddisruptionbudgets,roles,rolebindings,ingresses,endpointslices"
    )
    # What every namespace has, and what this run itself put there.
    others = ("kube-root-ca.crt", "default", "from-outside")
    left = [
        f"{one['kind']}/{name(one)}"
        for one in yard.cluster.all(kinds)
        if not name(one).startswith(others)
    ]
    kept = [one for one in left if one.startswith("PersistentVolumeClaim/")]
    outcome = Outcome(failures=[f"{one} is left" for one in left if one not in kept])
    for line in said.splitlines():
        outcome.say(line)
    return outcome.say(f"left, as the chart says: {', '.join(kept) or 'nothing'}")


def _all_run(yard: Yard, tag: str) -> None:
    """See that each of our own pods has the image."""
    wanted = f"{IMAGE}:{tag}"
    for pod in yard.pods():
        images = {one["image"] for one in pod["spec"]["containers"]}
        if component(pod) != "gateway" and wanted not in {
            i.removeprefix("docker.io/") for i in images
        }:
            raise DidNotHappen(f"{name(pod)} runs {images} and not {wanted}")
