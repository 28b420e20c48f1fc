"""The step of the robot, which publishes, installs and deletes: its success is in the figures."""

import time

from tests.cluster.kube import wait_until
from tests.cluster.report import Outcome
from tests.cluster.yard import MINE, Yard, name

_METRIC = "wheelyard_synthetic_last_success_timestamp_seconds"


def robot(yard: Yard) -> Outcome:
    """Turn the robot on, and have it go its round at once."""
    yard.put("upgrade", **{"robot.enabled": "true"})
    (cron,) = yard.cluster.all("cronjobs", f"{MINE},app.kubernetes.io/component=robot")
    began = time.time()
    yard.cluster.kubectl("create", "job", "robot-now", f"--from=cronjob/{name(cron)}")
    done = ("wait", "job/robot-now", "--for=condition=complete", "--timeout=180s")
    yard.cluster.kubectl(*done, seconds=200)
    outcome = Outcome(client_runs=1).say(f"a round took {time.time() - began:.0f} s")

    def seen() -> bool:
        return last_success(yard) >= began - 1

    wait_until("the scheduler shows the robot's success", seen, 90)
    yard.cluster.kubectl("delete", "job", "robot-now")
    yard.put("upgrade")
    yard.wait_until_ready()
    return outcome.finds(yard)


def last_success(yard: Yard) -> float:
    """Return the time of the robot's last success, as the scheduler shows it; 0 for none."""
    (scheduler,) = yard.pods("scheduler")
    pods = f"/api/v1/namespaces/{yard.cluster.namespace}/pods"
    figures = yard.cluster.kubectl("get", "--raw", f"{pods}/{name(scheduler)}:9090/proxy/metrics")
    found = [line for line in figures.splitlines() if line.startswith(_METRIC)]
    return max((float(line.split()[-1]) for line in found), default=0.0)
