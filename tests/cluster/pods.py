"""Steps that move pods: more and fewer of them, each one killed, all of them replaced."""

from tests.cluster.kube import Object
from tests.cluster.report import Outcome
from tests.cluster.yard import Yard, name


def scale(yard: Yard) -> Outcome:
    """Give each component one replica more, then one less than it had, under a steady load."""
    outcome = Outcome()
    with yard.load() as load:
        for deployment, found in yard.deployments().items():
            had = found["spec"]["replicas"]
            if found["spec"]["strategy"]["type"] == "Recreate":
                continue  # one by its nature: the scheduler
            steps = (had + 1, max(1, had - 1), had) if had > 1 else (had + 1, had)
            for count in steps:
                yard.cluster.kubectl("scale", "deployment", deployment, f"--replicas={count}")
                yard.wait_until_ready()
            outcome.say(f"{deployment}: {' → '.join(str(one) for one in (had, *steps))}")
    yard.works()
    return outcome.add(load).finds(yard)


def kill(yard: Yard) -> Outcome:
    """Take every pod away in turn without a word; whatever was acknowledged is found again."""
    outcome = Outcome()
    for pod in yard.pods():
        yard.cluster.kubectl("delete", "pod", name(pod), "--grace-period=0", "--force")
        yard.works()
        yard.wait_until_ready()
        outcome.client_runs += 2
    return outcome.finds(yard)


def restart(yard: Yard) -> Outcome:
    """Replace all pods, one after the other, under a steady load."""
    with yard.load() as load:
        yard.cluster.kubectl("rollout", "restart", *_named(yard.deployments()))
        yard.wait_until_ready(seconds=600)
    return Outcome().add(load).finds(yard)


def _named(deployments: dict[str, Object]) -> list[str]:
    return [f"deployment/{one}" for one in deployments]
