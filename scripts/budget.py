"""`python -m scripts.budget`: how many database connections a deployment opens, and needs room for.

A database that runs out of connections takes everything down, so they are counted before it does:
replicas, times what their threads may hold, with those that a roll-out adds for a moment.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

# A migration, a scrape of the database, a person with psql.
_OTHERS: Final = 5
_ROOM: Final = 0.8


@dataclass(frozen=True, slots=True)
class Part:
    """Replicas of one kind, *surge* more of them during a roll-out.

    *threads* has for each process of a replica how many of its threads may ask the database.
    """

    name: str
    replicas: int
    threads: tuple[int, ...]
    surge: int = 1


@dataclass(frozen=True, slots=True)
class Pool:
    """What one process may hold: WHEELYARD_DATABASE_POOL_SIZE and …_POOL_OVERFLOW."""

    size: int = 5
    overflow: int = 10

    def most(self, threads: int) -> int:
        """Return the most connections of a process: a thread has one at a time."""
        return min(self.size + self.overflow, threads)


@dataclass(frozen=True, slots=True)
class Budget:
    """The connections of a deployment."""

    lines: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        """The most that are ever open."""
        return sum(count for _, count in self.lines)

    @property
    def max_connections(self) -> int:
        """What PostgreSQL must allow, so that a fifth stays free."""
        return -(-self.total * 100 // int(_ROOM * 100))


def budget(parts: Sequence[Part], pool: Pool) -> Budget:
    """Return what *parts* may open."""
    lines = [
        (part.name, (part.replicas + part.surge) * sum(map(pool.most, part.threads)))
        for part in parts
    ]
    return Budget((*lines, ("migration, exporter, a person", _OTHERS)))


def parts_of(replicas: Mapping[str, int], *, threads: int = 16, concurrency: int = 2) -> list[Part]:
    """Return the parts of a deployment; one that is not named has one replica."""
    # Beside the requests: probes and metrics.
    web = (threads + 2,)
    # The parent looks after its health; a child works, and prolongs its lease.
    worker = (1, *(2,) * concurrency)
    kinds = {"api": web, "indexer": web, "worker": worker, "index-worker": worker}
    kinds["maintenance-worker"] = (1, 2)
    parts = [Part(name, replicas.get(name, 1), held) for name, held in kinds.items()]
    return [*parts, Part("scheduler", 1, (3,), surge=0)]


def main(arguments: Sequence[str]) -> None:
    """Print the budget of `name=replicas` each, and `pool=size+overflow`."""
    given = dict(argument.split("=", 1) for argument in arguments)
    size, _, overflow = given.pop("pool", "5+10").partition("+")
    replicas = dict.fromkeys(("api", "indexer", "worker", "index-worker"), 2)
    replicas |= {name: int(count) for name, count in given.items()}
    found = budget(parts_of(replicas), Pool(int(size), int(overflow or 0)))
    for name, count in found.lines:
        print(f"{name:32} {count:5}")
    print(f"{'at most':32} {found.total:5}")
    print(f"{'max_connections, at least':32} {found.max_connections:5}")


if __name__ == "__main__":
    main(sys.argv[1:])
