"""What the processes of a running registry share, opened beside them."""

from typing import Self

from tests.support.kept import Kept
from tests.support.seed import Seed
from tests.support.wheelyard import Wheelyard

from wheelyard_core.bootstrap import make_registry
from wheelyard_core.settings import read_settings


class Backstage(Kept):
    """Opens what the processes of *wheelyard* share. Close it, or use it in a `with`."""

    def __init__(self, wheelyard: Wheelyard) -> None:
        super().__init__(make_registry(read_settings(wheelyard.settings), "test"))
        self.seed = Seed(self.registry)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.seed.close()
        self.close()
        self.registry.close()
