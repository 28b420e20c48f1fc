"""What the programs that tests start inherit from whoever runs the tests."""

import os


def inherited(**more: str) -> dict[str, str]:
    """Return the variables of this process, its PATH above all, and *more*."""
    return {**os.environ, **more}  # noqa: TID251  where tests look into the environment
