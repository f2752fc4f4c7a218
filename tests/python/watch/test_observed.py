"""Observables that a run estimates: in a terminal, in lines, as JSON and on the page."""

import json
import os
import threading

import numpy as np
import pytest
from rich.console import Console

from browser import drawn
from dbar.cli import main
from dbar.statistics.ranks import NORMAL
from dbar.trajectory import read, write
from dbar.watch import Follower, Watching, WatchServer, plain_lines
from dbar.watch.screen import screen
from given_models import DTAU, make_model
from observed_runs import never_computed, observed_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model, and runs: with seldom values, with a model, without a monitor, young, plain."""
    out = tmp_path_factory.mktemp("runs")
    model = make_model(out)
    observed_run(out / "seldom.h5md", 296, 11, every=10, observe=["press", "pe"], ahead=5 * DTAU)
    never_computed(out / "never.h5md", 90, model)
    observed_run(out / "none.h5md", 60, observe=["pe"], monitor="none")
    observed_run(out / "young.h5md", 5, observe=["pe"])
    observed_run(out / "plain.h5md", 60)
    return out


def frame_of(*paths, curves=True):
    watching = Watching(list(paths))
    watching.poll()
    return watching.frame(curves=curves)


def terminal(frame, width=110):
    console = Console(width=width, file=open(os.devnull, "w"), record=True)
    console.print(screen(frame, width))
    return console.export_text()


def test_numbers_are_those_of_the_file(folder):
    run = read(folder / "seldom.h5md")
    (shown,) = frame_of(folder / "seldom.h5md")["runs"]
    assert [one["name"] for one in shown["observed"]] == ["pe", "press"]
    for one in shown["observed"]:
        table, values = run.estimates[one["name"]], run.observables[one["name"]]
        mean, std, later, half = table[-1]
        known = np.flatnonzero(np.isfinite(values))
        got = [one[k] for k in ("estimate", "half_width", "forecast", "forecast_half_width")]
        assert got == pytest.approx([mean, NORMAL * std, later, half])
        assert (one["computed"], one["computed_time"]) == (values[known[-1]], run.time[known[-1]])
        assert one["ahead"] == 5 * DTAU and one["unit"] == {"press": "bar", "pe": "eV"}[one["name"]]
        curves = one["curves"]
        np.testing.assert_array_equal(curves["computed"]["value"], values[known])
        np.testing.assert_allclose(curves["forecast"]["time"], run.time[-5:] + 5 * DTAU)
        np.testing.assert_array_equal(curves["forecast"]["mean"], table[-5:, 2])
        rows = np.isfinite(table[:, 0])  # the first ones have no band
        np.testing.assert_array_equal(curves["estimate"]["mean"], table[rows, 0])
        np.testing.assert_allclose(curves["estimate"]["half_width"], NORMAL * table[rows, 1])


def test_in_a_terminal(folder):
    frame = frame_of(folder / "seldom.h5md")
    lines = [" ".join(line.split()) for line in terminal(frame).splitlines()]
    pe, press = frame["runs"][0]["observed"]
    assert "observable computed estimated in 2.5 ps" in lines
    assert (
        f"pe {pe['computed']:.6g} eV {pe['words']['estimate']} {pe['words']['forecast']}" in lines
    )
    assert press["words"]["computed"].endswith("bar at 145.5 ps") and " +- " in lines[-1]
    (line,) = plain_lines(frame)
    assert f"press {press['words']['estimate']} (in 2.5 ps {press['words']['forecast']})" in line
    for width in (40, 60, 80, 200):
        assert all(len(text) <= width for text in terminal(frame, width).splitlines())


def test_what_is_not_known_is_said(folder):
    words = {
        name: frame_of(folder / f"{name}.h5md")["runs"][0]["observed"][-1]["words"]
        for name in ("young", "none", "never")
    }
    assert (words["young"]["estimate"], words["young"]["forecast"]) == ("learning", "learning")
    assert words["none"]["forecast"] == "no monitor" and "+-" in words["none"]["estimate"]
    assert words["never"]["computed"] == "not computed" and "+-" in words["never"]["forecast"]


def test_young_estimates_have_no_band(tmp_path):
    run = read_of(tmp_path / "run.h5md", 60)
    first = int(np.flatnonzero(np.isfinite(run.estimates["pe"][:, 0]))[0])
    assert np.isnan(run.estimates["pe"][first, 1])
    run = read_of(tmp_path / "young.h5md", first + 1)
    frame = frame_of(tmp_path / "young.h5md")
    (one,) = frame["runs"][0]["observed"]
    mean = run.estimates["pe"][-1, 0]
    assert one["words"]["estimate"] == f"{mean:.6g} eV, no band yet"
    assert one["half_width"] is None and one["curves"]["estimate"]["mean"] == [mean]
    assert "no band yet" in terminal(frame)
    with WatchServer(Watching([tmp_path / "young.h5md"]), port=0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page, complaints = drawn(server.url, tmp_path)
        server.shutdown()
    assert not complaints and "b-estimate" not in page and "no band yet" in page


def read_of(path, count):
    """Make a run and read it."""
    observed_run(path, count, observe=["pe"])
    return read(path)


def test_json_has_no_nan(folder, capsys):
    for name in ("young", "none", "never", "seldom", "plain"):
        assert main(["watch", str(folder / f"{name}.h5md"), "--once", "--json"]) == 0
        text = capsys.readouterr().out
        assert "NaN" not in text and "Infinity" not in text
        (run,) = json.loads(text)["runs"]
        assert len(run["observed"]) == {"plain": 0, "none": 1, "young": 1}.get(name, 2)


def test_runs_that_estimate_nothing_look_as_before(folder):
    frame = frame_of(folder / "plain.h5md")
    assert "observable" not in terminal(frame) and "+-" not in plain_lines(frame)[0]


def test_on_the_page(folder, tmp_path):
    evil = "<img src=x onerror=alert(1)>"
    run = read(folder / "never.h5md")
    run.estimates[evil] = run.estimates.pop("press")
    write(tmp_path / "evil.h5md", run)
    names = [folder / "seldom.h5md", folder / "young.h5md", tmp_path / "evil.h5md"]
    names.append(folder / "plain.h5md")
    with WatchServer(Watching(names), port=0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page, complaints = drawn(server.url, tmp_path)
        shown = json.loads(server.data())["runs"]
        server.shutdown()
    assert not complaints
    assert page.count('<table class="observed">') == 3  # the plain run has none
    for one in shown[0]["observed"]:
        for text in one["words"].values():
            assert text in page, text
    # two bands of each observable, but in the young run: the estimate's and the forecast's
    assert page.count('class="band b-estimate"') == page.count('<polygon class="band"') == 4
    assert page.count('<circle class="point" cx="12"') == 4  # keys; one is not computed
    assert page.count('<circle class="point"') == 4 + (30 + 296) + 5 + 90
    assert "learning" in page and "<img" not in page and "&lt;img src=x" in page


@pytest.mark.parametrize("learn", [False, True])
def test_forecast_of_a_monitor_that_began_with_a_model(folder, tmp_path, learn):
    """Taken from the checkpoint with the model; before there is one, nothing, and why."""
    path = tmp_path / "run.h5md"
    model = str(folder / "model.h5")
    session = observed_run(path, 40, 52, model=model, learn=learn, close=False)
    follower = Follower(path, forecast=True)
    follower.poll()
    assert follower.outlook is None and "no checkpoint yet" in follower.why_no_outlook
    (shown,) = frame_of_forecast(path)
    assert "began with a model" in shown["no_forecast"] and shown["forecast"] is None
    session.close()  # which writes a checkpoint
    observed_run(tmp_path / "more.h5md", 140, 52, model=model, learn=learn)
    os.replace(tmp_path / "more.h5md", path)
    follower.poll()
    assert follower.why_no_outlook == "" and follower.outlook is not None
    own = observed_run(tmp_path / "own.h5md", 140, 52, model=model, learn=learn, close=False)
    expected = expected_m(own._monitor, 10)
    own.close()
    np.testing.assert_allclose(follower.outlook.bands["M"][0, :10], expected, rtol=1e-9)
    assert {"pe", "stress"} <= set(follower.outlook.bands)


def frame_of_forecast(path):
    watching = Watching([path], forecast=True)
    watching.poll()
    return watching.frame(curves=True)["runs"]


def expected_m(monitor, steps):
    """Forecast of M by the monitor of the run itself."""
    model, out = monitor.model, []
    ahead = model.start(monitor.latent_state())
    for k in range(steps):
        ahead = model.advance(ahead)
        out.append(model.forecast_m(ahead, monitor.inflation)[0] + model.sigma_m2 * (k + 1))
    return out
