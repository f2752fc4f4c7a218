"""What the monitor is compared with in benchmarks/change_bench.py."""

import numpy as np
import pytest
from changes import baselines, detectors
from changes.judge import Tally
from changes.new_kinds import KINDS
from changes.runs import Run
from changes.windows import windows


def run_of(pe, kind="cu-melt", frac=None, D=None):
    length = len(pe)
    signals = {"pe": pe, "v_frac": np.ones(length) if frac is None else frac}
    D = np.ones((length, 3)) if D is None else D
    events = np.array([[60, 70]])
    n = np.arange(length)
    return Run(f"{kind}.1", D, n, 0.1 * n, events, np.empty((0, 2), int), signals)


def noise(length=100, seed=2):
    return np.random.default_rng(seed).standard_normal(length)


def test_an_energy_that_leaves_its_line_is_told_from_one_that_follows_it():
    ramp = 0.5 * np.arange(100) + noise()
    assert not detectors.off_line(run_of(ramp), 30, 6).any()
    ramp[65:] += 20.0
    assert np.flatnonzero(detectors.off_line(run_of(ramp), 30, 6))[0] == 65


def test_the_structure_is_told_once_where_it_comes_or_goes():
    frac = np.linspace(1.0, 0.0, 101)
    assert np.flatnonzero(detectors.structure(run_of(frac, frac=frac), 0.5, 0.105)).tolist() == [90]
    grows = run_of(frac, "zr-cool", frac[::-1])
    assert np.flatnonzero(detectors.structure(grows, 0.505, 0.1)).tolist() == [51]


def test_the_leading_component_has_unit_spread_at_first():
    rng = np.random.default_rng(0)
    D = np.column_stack(
        [np.full(80, 9.0), rng.standard_normal((80, 6)) * [1, 10, 100, 1, 1, 1], np.ones(80)]
    )
    x = detectors.components(D, 2)
    np.testing.assert_allclose(x[:24].std(axis=0), 1.0)
    assert abs(np.corrcoef(x[:24].T)[0, 1]) < 1e-9


def test_the_default_of_every_test_comes_first_and_best_is_most_found():
    for name, (_, _, settings) in baselines.tests().items():
        assert len({str(s) for s in settings}) == len(settings), name
    assert baselines.tests()["ADWIN of pe"][2][0] == {"delta": 0.002, "clock": 32}
    few, many, late = Tally(3, [1], 0, 9), Tally(3, [1, 2], 4, 9), Tally(3, [5, 6], 4, 9)
    assert max([few, many, late], key=baselines.merit) is many


def test_detectors_of_other_libraries():
    pe = noise()
    pe[60:] += 8.0
    run = run_of(pe)
    assert 60 < np.flatnonzero(detectors.page_hinkley(run, "pe", threshold=20.0))[0] < 75
    assert np.flatnonzero(detectors.offline(run, "Binseg", "pe", model="l2", jump=1)).tolist() == [
        60
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_inputs_of_new_kinds_differ_in_the_seed_only(kind):
    one, two = KINDS[kind](1).splitlines(), KINDS[kind](2).splitlines()
    ((first, second),) = ((a, b) for a, b in zip(one, two, strict=True) if a != b)
    assert (first.split()[-1], second.split()[-1]) == ("1", "2")


def test_windows_of_new_kinds():
    n = np.arange(240)
    assert windows("cu-void", {"press": np.where(n < 150, -1.0 * n, 0.0)})[0].tolist() == [
        [147, 170]
    ]
    force = {"v_force": np.where(n < 120, 0.0, 0.1 * (n - 120))}
    events, free = windows("al-touch", force)
    assert events.tolist() == [[129, 152]] and free.shape == (0, 2)
