"""The chart on a real cluster, step by step; prints a table, and ends with 1 where a step failed.

Usage: make cluster-test [ARGS="--only=kill --keep"]. Needs KUBECONFIG, kubectl and helm, and
both images in the cluster: scripts/cluster-test sees to that. The steps share one release. Each but
`install` goes on with what is there, so `--only` without it is for a namespace that was kept.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from tests.cluster import outages, pods, releases, robot, scaling, sizes, start
from tests.cluster.kube import Cluster
from tests.cluster.report import HEAD, Outcome, Row, run, shown
from tests.cluster.yard import Yard
from tests.support.clients import Person

STEPS: dict[str, Callable[[Yard], Outcome]] = {
    "install": start.install,
    "helm-test": start.helm_test,
    "clients": start.clients,
    "large": start.large,
    "ready": start.ready,
    "sizes": sizes.sizes,
    "scale": pods.scale,
    "kill": pods.kill,
    "restart": pods.restart,
    "upgrade": releases.upgrade,
    "rollback": releases.rollback,
    "hpa": scaling.hpa,
    "keda": scaling.keda,
    **{f"no-{store}": partial(outages.outage, store) for store in outages.STORES},
    "secret": outages.secret,
    "robot": robot.robot,
    "uninstall": releases.uninstall,
}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make cluster-test")
    parser.add_argument("--only", default=",".join(STEPS), help="steps, with commas between them")
    parser.add_argument("--keep", action="store_true", help="leave the release where it is")
    parser.add_argument("--namespace", default="wheelyard-cluster-test")
    parser.add_argument("--tags", default="cluster-a,cluster-b", help="of the two images")
    parser.add_argument("--set", action="append", default=[], help="a value, as helm takes it")
    asked = parser.parse_args(arguments)
    chosen = asked.only.split(",")
    if unknown := set(chosen) - set(STEPS):
        parser.error(f"no such step: {', '.join(sorted(unknown))}; there are {', '.join(STEPS)}")
    if asked.keep and "uninstall" in chosen:
        chosen.remove("uninstall")
    first, _, second = asked.tags.partition(",")
    with tempfile.TemporaryDirectory() as home:
        person = Person(Path(home), _empty_index())
        yard = Yard(Cluster(asked.namespace), person, (first, second), settings=tuple(asked.set))
        if "install" not in chosen:
            yard.door = start.open_door(yard)
        rows = [_done(name, yard) for name in STEPS if name in chosen]
    sys.stdout.write("\n".join(["", HEAD, *(shown(row) for row in rows), ""]))
    return 0 if all(row.is_good for row in rows) else 1


def _done(name: str, yard: Yard) -> Row:
    row = run(name, STEPS[name], yard)
    sys.stderr.write(f"{shown(row)}\n")
    return row


def _empty_index() -> str:
    """Serve a public index that knows no package: the run asks nobody outside."""

    class Nothing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Nothing)
    Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/simple"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
