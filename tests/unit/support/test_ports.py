"""Test processes, whichever runs started them, are never given the same port."""

import subprocess
import sys

FIFTY_PORTS = """
from tests.support.servers.running import free_port
print(*(free_port() for _ in range(50)), flush=True)
input()
"""


def test_processes_that_run_at_once_are_given_ports_of_their_own() -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", FIFTY_PORTS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    ports = [int(port) for process in processes for port in _line(process).split()]
    for process in processes:
        process.communicate("\n", timeout=10)

    assert len(set(ports)) == 150


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()
