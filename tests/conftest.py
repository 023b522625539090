"""Settings of all tests."""

import os

import pytest
from hypothesis import settings

# On a busy machine an example may take any time; that is no fault of what it tests.
# The same examples every time: what a run finds belongs to the change that it runs for. `--hypothesis-profile=exploring` looks further.
settings.register_profile("unhurried", deadline=None, derandomize=True)
settings.register_profile("exploring", deadline=None)
settings.load_profile("unhurried")


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores, four at most: tests of whole nights wait as well as work."""
    return min(4, (os.cpu_count() or 1) + 1)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first, so that no process is left alone with them at the end."""
    items.sort(key=lambda item: "/e2e/" not in item.path.as_posix())
