"""The report as a reader and as a browser see it."""

import html.parser
import re
from itertools import pairwise

import matplotlib.image
import numpy as np
import pytest
from sklearn.linear_model import BayesianRidge

from browser import screenshot
from dbar.online import Monitor
from dbar.report import report
from dbar.report.figures import figure_short_forecasts
from dbar.report.forecast import hindsight
from dbar.report.series import pick_series
from dbar.store import units
from dbar.store.h5md import StoreError
from dbar.stream import Session
from dbar.trajectory import Summary, Trajectory, read, summarise
from dbar.trajectory.summary import alarm_sentence, smooth, strain_axis, stress
from streams import NFREQ, feed, settings, stream

JUMP = 150
ORANGE_BAND = "fill: #c2570c; fill-opacity: 0.22"


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """File of a run that is pulled (lx grows, stress peaks at the jump) and raises the alarm."""
    path = tmp_path_factory.mktemp("run") / "run.h5md"
    session = Session(settings(store=str(path), snapshot=["adaptive", 0.1]))
    feed(session, stream(180, jump=JUMP))
    session.close()
    return path


class Page(html.parser.HTMLParser):
    """Tags, attributes and text of a page; fails on tags that do not match."""

    EMPTY = ("meta", "br", "img", "link", "path", "use", "rect", "image")

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.links, self.words = [], [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [v for k, v in attrs if k in ("src", "href", "xlink:href", "data")]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.EMPTY:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag not in self.EMPTY:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_page_is_complete_and_needs_nothing_else(watched, tmp_path):
    out = report(watched, tmp_path / "report.html")
    assert out == tmp_path / "report.html"
    text = out.read_text(encoding="utf-8")
    page = Page(text)
    # stress (it changed most as well), M, innovation, evidence, short forecasts of it and of the
    # temperature, a long one, horizon
    assert page.tags.count("svg") == 8 and "In short" in page.words
    assert "script" not in page.tags and all(link.startswith("#") for link in page.links)
    assert not re.search(r"url\((?!#)", text)
    words = " ".join(" ".join(page.words).split())
    for expected in (
        "The alarm went up at",
        "the stress peaked at",
        "time (ps)",
        "stress along x (GPa)",
        "engineering strain along x (%)",
        "M (dimensionless)",
        "Can I trust the forecast?",
        "Until when?",
        "What changed, and where?",
        "false alarms to expect",
        "2 is 1.4 times as far as usual",
        "(stated 90 %)",
        "innovation",
        "forecast",
        "τ_pred (ps)",
        "false_alarm",
        "22 Jul 2025",
        "twojmax",
    ):
        assert expected in words, expected
    assert list(tmp_path.iterdir()) == [out]


def test_report_of_a_run_that_is_not_watched(tmp_path):
    rows = stream(30)
    session = Session(settings(store=str(tmp_path / "a.h5md"), monitor="none", units="lj"))
    feed(session, rows)
    session.close()
    page = Page(report(tmp_path / "a.h5md", tmp_path / "a.html").read_text(encoding="utf-8"))
    assert page.tags.count("svg") == 2  # what changed most, and the stress, for it is pulled
    assert "time (reduced units)" in " ".join(page.words)
    bare = Trajectory(D=np.array([row[2] for row in rows]))
    page = Page(report(bare, tmp_path / "b.html").read_text(encoding="utf-8"))
    assert "first principal component of D" in " ".join(page.words)


def test_report_while_the_run_goes_on(tmp_path):
    session = Session(settings(store=str(tmp_path / "a.h5md")))
    feed(session, stream(40))
    report(tmp_path / "a.h5md", tmp_path / "a.html")
    session.close()


def test_report_errors(tmp_path):
    with pytest.raises(StoreError, match=r"none\.h5md: no such file"):
        report(tmp_path / "none.h5md", tmp_path / "a.html")
    with pytest.raises(ValueError, match="one: 1 snapshots, a report needs at least 2"):
        report(Trajectory(D=np.zeros((1, 3))), tmp_path / "a.html", name="one")
    assert not (tmp_path / "a.html").exists()


def test_long_runs_stay_small(tmp_path):
    count = 50_000
    rng = np.random.default_rng(3)
    traj = Trajectory(
        D=rng.normal(size=(count, 3)),
        time=0.1 * np.arange(count),
        observables={"press": rng.normal(size=count)},
        monitor={"state": np.ones(count, int), "M": np.ones(count), "refits": np.zeros(count, int)},
        parameters={"units": "real"},
    )
    traj.observables["press"][777] = 55.0
    out = report(traj, tmp_path / "a.html")
    assert out.stat().st_size < 500_000


def test_summary_finds_alarm_peak_and_strain(watched):
    traj = read(watched)
    axis, strain = strain_axis(traj)
    assert axis == "x" and np.allclose(strain, 0.005 * traj.time, rtol=0, atol=1e-12)
    name, values, unit = stress(traj)
    assert (name, unit) == ("stress", "GPa")
    assert np.allclose(values, -traj.observables["pxx"] * 1e5 / 1e9)
    found = summarise(traj)
    first = int(np.flatnonzero(traj.monitor["state"] == 3)[0])
    assert (found.alarm_index, found.alarm_step) == (first, NFREQ * (first + 1))
    alarms = np.flatnonzero(traj.monitor["state"] == 3)
    starts = [alarms[0], *(b for a, b in pairwise(alarms) if b - a > 5)]
    assert found.alarm_times == traj.time[starts].tolist()
    judged = np.count_nonzero(traj.monitor["state"])
    assert found.expected_false_alarms == pytest.approx(judged * traj.monitor_config["false_alarm"])
    assert found.alarm_time == traj.time[first] and found.alarm_strain == strain[first]
    mean = [values[max(0, n - 2) : n + 3].mean() for n in range(len(values))]
    assert np.allclose(smooth(values), mean)
    assert found.peak_stress == pytest.approx(max(mean))
    assert sum(found.state_counts) == found.snapshots == 180


def test_alarm_sentences():
    base = {"snapshots": 9, "kept": 0, "time_unit": "ps", "stress_unit": "GPa", "state": 1}
    peak = {"peak_time": 16.4, "peak_strain": 0.082, "peak_stress": 4.186}
    alarm = {"alarm_times": [15.2], "alarm_strains": [0.076], "expected_false_alarms": 0.0125}
    assert alarm_sentence(Summary(**base, **peak, **alarm)) == (
        "The alarm went up at 15.2 ps (7.60 % strain) (false alarms to expect in a run of this "
        "length: 0.013); the stress peaked at 16.4 ps (8.20 % strain) with 4.19 GPa: 1.2 ps "
        "before the peak."
    )
    two = {"alarm_times": [15.2, 17.0], "alarm_strains": [0.076, 0.085]}
    assert alarm_sentence(Summary(**base, **peak, **two)) == (
        "The alarm went up at 15.2 ps (7.60 % strain) and 17 ps (8.50 % strain); the stress peaked "
        "at 16.4 ps (8.20 % strain) with 4.19 GPa: 1.2 ps before the peak, 0.6 ps after the peak."
    )
    many = alarm_sentence(Summary(**base, alarm_times=[1.0, 2.0, 3.0, 4.0, 5.0]))
    assert many == "The alarm went up at 1 ps, 2 ps, 3 ps and 2 more times."
    assert alarm_sentence(Summary(**base)) == "The alarm did not go up."
    rising = Summary(**base, rising=True)
    assert alarm_sentence(rising).endswith("; the stress was still rising at the end.")
    learning = Summary(**base, state_counts=[9, 0, 0, 0])
    assert alarm_sentence(learning) == "The monitor was learning to the end."
    assert alarm_sentence(Summary(**{**base, "state": None})) == "No monitor watched this run."


def test_shown_forecasts_are_the_monitors(watched):
    """Against a monitor that is driven here, by hand, and scikit-learn's ridge for the observable."""
    traj = read(watched)
    rng = np.random.default_rng(4)
    seen = hindsight(traj, {"x": (x := traj.D[:, 1:] @ rng.normal(size=6) + rng.normal(size=180))})
    assert seen.alarm == np.flatnonzero(traj.monitor["state"] == 3)[0]
    assert seen.origin <= seen.alarm - 20 and seen.long["x"].rows[0] == seen.origin + 1
    short = seen.short["x"][3]
    moments = {int(short.rows[0]) - 1: short, seen.origin: seen.long["x"]}
    monitor, refits = Monitor(traj.monitor_config, stride=NFREQ), 0
    for k in range(len(traj)):
        monitor.observe(int(traj.step[k]), float(traj.time[k]), traj.D[k])
        if monitor.refits > refits:
            refits, past = monitor.refits, traj.D[: k + 1, 1:]
            size = past.std(axis=0)
            ridge = BayesianRidge().fit(past / size, x[: k + 1] / x[: k + 1].std())
            unit = x[: k + 1].std()
        if one := moments.get(k):
            mean = monitor.forecast(len(one.rows))[0]
            expected = ridge.predict(mean / size) * unit
            assert np.allclose(one.mean, expected, rtol=1e-6, atol=1e-6 * unit)


def test_bands_are_shown_with_what_they_held(watched, tmp_path):
    """The share beside a band is that of the outcomes inside it; a band that fails is not drawn."""
    traj = read(watched)
    seen = hindsight(traj)
    name = next(iter(seen.series))
    share, count = seen.bands[name].coverage(5)
    page = report(watched, tmp_path / "a.html").read_text(encoding="utf-8")
    assert f"held {100 * share:.0f} % of {count} values (stated 90 %)" in page
    inside = [
        abs(seen.series[name][row] - mean) <= half
        for one in seen.short[name]
        for row, mean, half in zip(one.rows, one.mean, one.half, strict=True)
        if np.isfinite(half)
    ]  # the forecasts that are shown, a part of those that were counted
    assert len(inside) > 60 and abs(np.mean(inside) - share) < 0.1
    seen.bands[name].hits[:5] = (0.7 * seen.bands[name].count[:5]).astype(int)
    shown = pick_series(traj, [])[0]
    shown.name = name
    assert not seen.held(name) and "no band is drawn: it held" in seen.words(name, 5)
    assert ORANGE_BAND not in figure_short_forecasts(traj, shown, seen)
    assert ORANGE_BAND in page


def test_units_of_every_style_are_labels(tmp_path):
    for style in units.UNIT_STYLES:
        traj = Trajectory(
            D=np.random.default_rng(0).normal(size=(5, 2)),
            observables={"press": np.arange(5.0)},
            parameters={"units": style},
        )
        text = report(traj, tmp_path / "a.html").read_text(encoding="utf-8")
        assert f"time ({units.unit_style(style)['time'] or 'reduced units'})" in text
        assert ("pressure (GPa)" in text) == (style != "lj")


def test_browser_shows_it(watched, tmp_path):
    page, picture = report(watched, tmp_path / "report.html"), tmp_path / "page.png"
    screenshot(page, picture, 2400)
    pixels = matplotlib.image.imread(picture)[..., :3]
    assert pixels.shape[:2] == (2400, 1100)

    def share(colour, rows=slice(None)):
        rgb = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
        return (np.abs(pixels[rows] - rgb).max(axis=2) < 0.03).mean()

    assert share("#f4f5f7") < 0.4 and share("#ffffff") > 0.4  # cards on the background
    assert share("#1f2933") > 0.005  # text
    for colour in ("#1f5fa8", "#c2570c", "#c8372d", "#4c9f70"):  # lines, alarm, trusted
        assert share(colour) > 1e-4, colour
    for top in range(0, 2400, 400):  # no empty stretch
        assert share("#ffffff", slice(top, top + 400)) < 0.97
