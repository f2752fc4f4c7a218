"""Fixtures of several files."""

import pytest

from fuzz import Worker


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    """The process for what may crash, see `fuzz`."""
    made = Worker(tmp_path_factory.mktemp("fuzz"))
    yield made
    made.close()
