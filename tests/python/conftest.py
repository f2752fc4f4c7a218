"""Fixtures of several files."""

import pytest

from dbar.stream import Session
from streams import feed, settings, stream


@pytest.fixture
def ended(tmp_path):
    """Store of a run that went up in alarm and ended."""
    path = tmp_path / "run.h5md"
    session = Session(settings(store=str(path)))
    feed(session, stream(150, jump=120))
    session.close()
    return path
