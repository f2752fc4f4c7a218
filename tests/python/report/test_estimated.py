"""Observables that a run estimated, in its report: numbers against plain loops, words, figures."""

import re

import numpy as np
import pytest

from dbar.cli import main
from dbar.online import Monitor
from dbar.online.stored import StartUnknownError, checkpoints
from dbar.report import report
from dbar.report.estimated import Score, score_estimates, score_forecasts
from dbar.report.forecast import hindsight
from dbar.store.h5md import open_for_reading
from dbar.study import load
from dbar.study.suits import start_of
from dbar.trajectory import Trajectory, read, write
from given_models import DTAU, make_model
from observed_runs import never_computed, observed_run

TITLE = "<h2>Observables, estimated and forecast</h2>"
EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("model"))


def loop(table, values, step, later):
    """Scores by their definition, one snapshot after the other: estimates, then forecasts."""
    now, then = [], []
    for n in range(len(step)):
        if np.isfinite([table[n, 0], values[n]]).all():
            off = values[n] - table[n, 0]
            now.append((values[n], off, held(off, 1.6448536269514722 * table[n, 1])))
        last = [v for v in values[: n + 1] if np.isfinite(v)]
        for m in range(len(step)):
            known = np.isfinite([table[n, 2], values[m]]).all()
            if step[m] == step[n] + later and known and last:
                off = values[m] - table[n, 2]
                then.append((off, held(off, table[n, 3]), values[m] - last[-1]))
    truth, off, inside = (np.array(column) for column in zip(*now, strict=True))
    r2 = 1 - np.mean(off**2) / np.var(truth)
    judged = np.isfinite(inside).sum()
    first = (len(now), np.sqrt(np.mean(off**2)), judged, np.nanmean(inside), r2)
    off, inside, moved = (np.array(column) for column in zip(*then, strict=True))
    judged, moved = np.isfinite(inside).sum(), np.sqrt(np.mean(moved**2))
    second = (len(then), np.sqrt(np.mean(off**2)), judged, np.nanmean(inside), moved)
    return first, second


def held(off, half):
    """1 inside the band, 0 outside, NaN where there was none."""
    return float(abs(off) <= half) if np.isfinite(half) else np.nan


@pytest.mark.parametrize("every", [1, 7])
def test_scores_are_those_of_a_loop(every):
    rng = np.random.default_rng(every)
    n, later = 120, 300
    step = 100 * np.sort(rng.choice(200, n, replace=False))  # with gaps
    values = np.cumsum(rng.normal(size=n))
    table = np.column_stack([values, np.ones(n), values, np.full(n, 2.0)])
    table[:, [0, 2]] += rng.normal(size=(n, 2))
    table[:20, 1] = table[:40, 3] = np.nan  # young ones have no band
    table[:9, :2] = table[:25, 2:] = table[60:70, 2:] = np.nan
    values[np.arange(n) % every > 0] = np.nan
    first, second = loop(table, values, step, later)
    now, then = score_estimates(table, values), score_forecasts(table, values, step, later)
    found = (now.count, now.rmse, now.judged, now.inside, now.r2)
    assert found == pytest.approx(first, rel=1e-12)
    found = (then.count, then.rmse, then.judged, then.inside, then.unchanged)
    assert found == pytest.approx(second, rel=1e-12) and then.count > 0


def test_nothing_to_score():
    table = np.full((5, 4), np.nan)
    none = score_estimates(table, np.ones(5)), score_forecasts(table, np.ones(5), np.arange(5), 1)
    assert [one.count for one in none] == [0, 0] and np.isnan([one.rmse for one in none]).all()
    assert score_forecasts(np.zeros((0, 4)), np.zeros(0), np.zeros(0, int), 1) == Score(0)
    table[:, :2] = 1.0
    assert np.isnan(score_estimates(table, np.ones(5)).r2)  # constant


def section_of(path, tmp_path):
    page = report(path, tmp_path / "page.html").read_text(encoding="utf-8")
    found = re.search(f"<section>{re.escape(TITLE)}(.*?)</section>", page, re.S)
    return page, found and found.group(1)


def test_section_of_a_run_with_seldom_values_and_an_alarm(tmp_path):
    path = tmp_path / "run.h5md"
    observed_run(path, 300, 11, every=10, jump=250, observe=["press", "pe"], ahead=5 * DTAU)
    _, text = section_of(path, tmp_path)
    traj = read(path)
    assert (traj.monitor["state"] == 3).any() and text.count("<svg") == 2
    assert text.count(">change</text>") == 2 and "for 2.5 ps later" in text
    assert "pressure (bar)" in text and "potential energy (eV)" in text and "time (ps)" in text
    for name in ("press", "pe"):
        first, second = loop(traj.estimates[name], traj.observables[name], traj.step, 500)
        cells = [f"{first[4]:.4f}", f"{first[1]:.4g}", first[0],
                 f"{100 * first[3]:.0f} % of {first[2]}", f"{second[1]:.4g}", f"{second[4]:.4g}",
                 second[0], f"{100 * second[3]:.0f} % of {second[2]}"]  # fmt: skip
        row = "".join(f"<td>{cell}</td>" for cell in cells)
        assert row in text, (name, row)


def test_runs_without_estimates_have_no_section(tmp_path):
    path = tmp_path / "run.h5md"
    observed_run(path, 60)
    page, text = section_of(path, tmp_path)
    assert text is None and "began with the model" not in page


def test_without_a_monitor_or_while_learning(tmp_path):
    observed_run(tmp_path / "none.h5md", 60, observe=["pe"], monitor="none")
    observed_run(tmp_path / "young.h5md", 5, observe=["pe"])
    for name in ("none", "young"):
        _, text = section_of(tmp_path / f"{name}.h5md", tmp_path)
        assert "Nothing was forecast" in text and text.count("<svg") == 1


def test_what_was_not_computed_is_said_and_so_is_the_model(model, tmp_path):
    path = tmp_path / "run.h5md"
    never_computed(path, 90, model)
    page, text = section_of(path, tmp_path)
    assert "<b>press (bar)</b>: not computed in this run: nothing to compare with." in text
    assert "<td>pe (eV)</td>" in text and "<td>press (bar)</td>" not in text
    assert f"began with the model <b>{model}</b>" in page and "which was not learnt on" in page
    assert "Forecast against what happened" in page and "came to another M" not in page


def test_the_command_finds_the_model_of_the_run(model, tmp_path):
    path = tmp_path / "run.h5md"
    observed_run(path, 150, 52, model=model)
    assert main(["report", str(path)]) == 0
    page = (tmp_path / "run.html").read_text(encoding="utf-8")
    assert "Forecast against what happened" in page and "Not shown" not in page
    assert page == report(path, tmp_path / "same.html").read_text(encoding="utf-8")


def test_names_are_escaped(tmp_path):
    n = 40
    config = {"model": {"file": EVIL, "sha256": EVIL, "learn": True}}
    traj = Trajectory(
        D=np.random.default_rng(0).normal(size=(n, 3)),
        observables={EVIL: np.arange(float(n))}, monitor_config=config,
        estimates={EVIL: np.ones((n, 4)), "x" + EVIL: np.ones((n, 4))},
    )  # fmt: skip
    page = report(traj, tmp_path / "page.html").read_text(encoding="utf-8")
    assert TITLE in page and "<script" not in page and "which was learnt on" in page


@pytest.mark.parametrize("learn", [False, True])
def test_hindsight_goes_on_from_the_model_of_the_run(model, tmp_path, learn):
    path = tmp_path / "run.h5md"
    observed_run(path, 150, 52, model=model, learn=learn)
    traj = read(path)
    with open_for_reading(path) as file:
        known = checkpoints(file)
    seen = hindsight(traj, None, known)
    assert seen.same and seen.long and seen.short
    monitor = oracle(model, traj, learn)  # the model from its own file
    for k in range(seen.origin + 1):
        monitor.observe(int(traj.step[k]), float(traj.time[k]), traj.D[k])
    x = traj.D[: seen.origin + 1, 1:] / traj.D[: seen.origin + 1, :1]
    mean = monitor.forecast(len(seen.long["pressure"].rows))[0]
    line = np.linalg.lstsq(np.column_stack([x, np.ones(len(x))]),
                           traj.observables["press"][: len(x)], rcond=None)[0]  # fmt: skip
    expected = (mean @ line[:-1] + line[-1]) * 1e-4  # GPa
    off = np.abs(seen.long["pressure"].mean - expected).max()
    assert off < 0.1 * np.std(traj.observables["press"]) * 1e-4


def oracle(model, traj, learn):
    from dbar.online import MonitorConfig

    config = MonitorConfig.of_store(traj.monitor_config)
    start = start_of(load(model)[0], config.latent_dim, learn)
    return Monitor(config, stride=100, start=start)


def test_hindsight_without_the_model_is_refused(model, tmp_path):
    path = tmp_path / "run.h5md"
    session = observed_run(path, 30, model=model, observe=["pe"], close=False)  # no checkpoint yet
    page, _ = section_of(path, tmp_path)
    session.close()
    why = "the monitor began with a model, and the file has no checkpoint yet that holds it"
    assert f"Not shown: {why}." in page
    with pytest.raises(StartUnknownError, match=why):
        hindsight(read(path))
    write(tmp_path / "copy.h5md", read(path))  # which has no memory of a monitor
    assert why in section_of(tmp_path / "copy.h5md", tmp_path)[0]
