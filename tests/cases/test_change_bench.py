"""The judge of benchmarks/change_bench.py, its converter, and the test that monitors are compared with."""

import importlib.util

import numpy as np
import pytest
from changes import curve, windows
from changes.convert import convert
from changes.judge import Tally, bursts, interval, judge
from changes.runs import by_kind, load
from changes.single_snapshot import alarms, probabilities
from changes.watching import states

from dbar.trajectory import Trajectory, write
from harness import SHARED


def test_a_burst_ends_after_five_snapshots_of_rest():
    alarm = np.zeros(60, bool)
    alarm[[0, 5, 10, 16, 40, 41, 59]] = True
    assert bursts(alarm).tolist() == [0, 16, 40, 59]
    assert bursts(alarm[1:5]).tolist() == []


def test_only_quiet_snapshots_can_hold_false_alarms():
    alarm = np.zeros(200, bool)
    alarm[[29, 50, 65, 100, 121, 151]] = True
    tally = judge(alarm, [(101, 120)], [(50, 65)])
    assert (tally.events, tally.found, tally.bursts) == (1, 0, 2)  # 100, before it; 151, long after
    assert tally.quiet == 200 - 30 - 16 - 50
    alarm[104] = True
    assert judge(alarm, [(101, 120)], [(50, 65)]).delays == [3]
    assert judge(alarm, [], []).bursts == 5  # 29 is too early; 100 and 104 are one


def test_tallies_add_up_by_kind():
    one, two = Tally(1, [4], 2, 100), Tally(2, [6, 7], 0, 300)
    both = one + two
    assert (both.events, both.found, both.median_delay, both.per_10k) == (3, 3, 6.0, 50.0)
    assert np.isnan(Tally().median_delay)


def test_poisson_interval():
    """Garwood's: 0 and 3 counts."""
    np.testing.assert_allclose(interval(0, 1), (0.0, 3.6889), atol=1e-3)
    np.testing.assert_allclose(interval(3, 10), (0.06187, 0.87673), atol=1e-4)


@pytest.mark.shared
def test_judge_agrees_with_the_scorer_that_came_with_the_runs():
    path = SHARED.parent / "changes/score.py"
    if not path.exists():
        pytest.skip("no ../shared/changes")
    spec = importlib.util.spec_from_file_location("score", path)
    theirs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(theirs)
    rng = np.random.default_rng(11)
    for _ in range(300):
        length = int(rng.integers(40, 300))
        starts = rng.integers(-5, length, (2, 2))
        events, free = (
            np.column_stack([s, s + rng.integers(5, 30, 2)])[: rng.integers(0, 3)] for s in starts
        )
        alarm = rng.random(length) < rng.choice([0.01, 0.1, 0.5])
        ours = judge(alarm, events, free)
        found, delays, false, quiet = theirs.judge(alarm, events, free)
        assert (ours.found, ours.delays, ours.bursts, ours.quiet) == (found, delays, false, quiet)


@pytest.mark.shared
def test_windows_of_the_given_runs():
    """All but those of cu-melt, which were set by eye: there the rule is within three snapshots."""
    folder = SHARED.parent / "changes/data"
    if not folder.exists():
        pytest.skip("no ../shared/changes")
    for run in load(folder):
        events, free = windows.windows(run.kind, run.signals)
        assert free.tolist() == run.free.tolist()
        off = np.abs(events - run.events).max(initial=0)
        assert off <= (3 if run.kind == "cu-melt" else 0), run.name


def observables(length, **given):
    return {name: np.zeros(length) for name in ("pe", "press", "temp", "v_frac", "vol")} | given


def test_windows_come_from_observables():
    n = np.arange(250)
    hcp = observables(250, v_frac=np.where(n > 139, 0.4, 0.05))
    assert windows.windows("zr-cool", hcp)[0].tolist() == [[132, 155]]
    molten = observables(250, pe=np.tanh((n - 170) / 5.0))
    assert windows.windows("cu-melt", molten)[0].tolist() == [[160, 187]]
    assert [part.shape for part in windows.windows("c-cu-hot", {})] == [(0, 2), (0, 2)]
    with pytest.raises(ValueError, match="zr-cool: the event does not happen"):
        windows.windows("zr-cool", observables(250))


def test_stored_runs_are_converted_once_they_have_ended(tmp_path):
    rng, length = np.random.default_rng(1), 180
    D = 100.0 + rng.random((length, 8))
    step = np.arange(1, length + 1) * 50
    for seed in (1, 2):
        folder = tmp_path / f"al-tstep.{seed}"
        folder.mkdir()
        seen = observables(length, pe=rng.random(length), pxx=rng.random(length))
        write(folder / "run.h5md", Trajectory(D, time=step * 0.002, step=step, observables=seen))
    (tmp_path / "al-tstep.2/done").touch()
    written = convert(tmp_path, tmp_path / "out")
    assert [path.name for path in written] == ["al-tstep.2.npz"]
    assert convert(tmp_path, tmp_path / "out") == []
    (run,) = load(tmp_path / "out")
    np.testing.assert_array_equal(run.D, D)
    np.testing.assert_array_equal(run.step, step)
    assert set(run.signals) == {"pe", "press", "temp", "v_frac", "vol"}
    assert (run.kind, run.events.tolist(), run.free.tolist()) == ("al-tstep", [[120, 140]], [])
    with pytest.raises(SystemExit, match="no runs"):
        load(tmp_path / "out", ["zr-cool"])


def snapshots(length=70, size=14):
    """Six hidden coordinates that relax, noisier from 60 on."""
    rng = np.random.default_rng(5)
    mix, x, D = rng.standard_normal((6, size)), np.zeros(6), []
    for n in range(length):
        x = 0.6 * x + rng.standard_normal(6) * (3.0 if n >= 60 else 1.0)
        D.append(np.r_[100.0, 50.0 + x @ mix + 0.1 * rng.standard_normal(size)])
    return np.array(D)


def test_single_snapshots_are_judged_as_they_were():
    """Probabilities of `Monitor` of commit 1f0b25d on the same snapshots."""
    p = probabilities(snapshots(), np.arange(10, 710, 10))
    expected = {
        26: (0.3231625831, 1.0), 35: (0.3508743415, 0.9990365205), 59: (0.4871038255, 0.8026032833),
        60: (0.001848465657, 0.001633646047), 62: (0.01575620205, 0.0007330961481),
        69: (0.0009025518141, 0.7421521138),
    }  # fmt: skip
    assert (p[:25] == 1.0).all()
    for n, pair in expected.items():
        np.testing.assert_allclose(p[n], pair, rtol=1e-7)
    assert np.flatnonzero(alarms(p, 2e-3)).tolist() == [67, 69]
    assert 62 in np.flatnonzero(alarms(p, 8e-3))


def test_the_bench_scores_the_monitor_and_writes_its_curve(tmp_path):
    D, steps = snapshots(), np.arange(10, 710, 10)
    for name, first in (("jump.1", 60), ("rest.1", 70)):
        windows_ = np.array([[60, 69]]) if first == 60 else np.empty((0, 2))
        np.savez(
            tmp_path / f"{name}.npz", D=D[:first + 10], step=steps, time=0.01 * steps,
            events=windows_, free=np.empty((0, 2)),
        )  # fmt: skip
    runs = load(tmp_path)
    state = states(runs[0], {"min_snapshots": 30})
    assert len(state) == 70 and (state[:30] == 0).all() and set(state) <= {0, 1, 2, 3}
    table = by_kind(runs, [run.judge(np.ones(70, bool)) for run in runs])
    assert list(table) == ["jump", "rest", "all"]
    assert (table["all"].found, table["all"].events, table["all"].bursts) == (1, 1, 2)
    rows = [curve.row("monitor", rate, table["all"]) for rate in curve.RATES]
    curve.write_csv(rows, tmp_path / "curve.csv")
    curve.plot(rows, tmp_path / "curve.png")
    assert len((tmp_path / "curve.csv").read_text().splitlines()) == 1 + len(curve.RATES)
    assert (tmp_path / "curve.png").stat().st_size > 10_000
