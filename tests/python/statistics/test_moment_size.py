"""Statistics that do not fit in memory are refused before they are made, with their size."""

import numpy as np
import pytest

from dbar.statistics.moments import LaggedMoments
from dbar.stream import Session
from streams import settings


def test_too_large_statistics_name_their_size(monkeypatch):
    made, zeros = [], np.zeros
    monkeypatch.setattr(np, "zeros", lambda shape, *a: made.append(shape) or zeros((1,), *a))
    with pytest.raises(
        ValueError,
        match=r"7000 numbers a snapshot, order 1 and n_bags 20: .* 30.7 GiB, .*at most 4",
    ):
        LaggedMoments(7000)
    assert not made
    LaggedMoments(2000)  # 2.5 GiB
    assert made[-1] == (21, 4000, 4000)


def test_a_run_that_would_learn_too_much_does_not_begin(tmp_path):
    config = tmp_path / "monitor.toml"
    config.write_text("virial = true\n")
    given = settings(size=801, monitor=str(config), virial=True, store=str(tmp_path / "a.h5md"))
    with pytest.raises(ValueError, match=r"5600 numbers .*\(K = 800 with virial = true\), order 1"):
        Session(given)
    assert not (tmp_path / "a.h5md").exists()
    config.write_text("virial = true\norder = 1\nn_bags = 2\n")
    Session(settings(size=801, monitor=str(config), virial=True, store=None)).close()
