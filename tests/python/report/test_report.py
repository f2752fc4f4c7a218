"""The report as a reader and as a browser see it."""

import html.parser
import re
from itertools import pairwise

import matplotlib.image
import numpy as np
import pytest

from browser import screenshot
from dbar.online import Monitor
from dbar.report import report
from dbar.report.forecast import hindsight
from dbar.store import units
from dbar.store.h5md import StoreError
from dbar.stream import Session
from dbar.trajectory import Summary, Trajectory, read, summarise
from dbar.trajectory.summary import alarm_sentence, smooth, strain_axis, stress
from streams import NFREQ, feed, settings, stream

JUMP = 150


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
    assert page.tags.count("svg") == 6 and page.tags.count("section") == 6
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
    assert page.tags.count("svg") == 1
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
    pairs = [a for a, b in pairwise(alarms) if b - a <= 5]
    assert found.repeat_time == (traj.time[pairs[0]] if pairs else None)
    assert found.alarm_time == traj.time[first] and found.alarm_strain == strain[first]
    mean = [values[max(0, n - 2) : n + 3].mean() for n in range(len(values))]
    assert np.allclose(smooth(values), mean)
    assert found.peak_stress == pytest.approx(max(mean))
    assert sum(found.state_counts) == found.snapshots == 180


def test_alarm_sentences():
    base = {"snapshots": 9, "kept": 0, "time_unit": "ps", "stress_unit": "GPa"}
    peak = {"peak_time": 16.4, "peak_strain": 0.082, "peak_stress": 4.186}
    alarm = {"alarm_time": 15.2, "alarm_strain": 0.076, "repeat_time": 15.2}
    assert alarm_sentence(Summary(**base, **peak, **alarm)) == (
        "The alarm went up at 15.2 ps (7.60 % strain); the stress peaked at 16.4 ps "
        "(8.20 % strain) with 4.19 GPa: 1.2 ps before the peak."
    )
    late = {"repeat_time": 17.0, "repeat_strain": 0.085}
    assert alarm_sentence(Summary(**base, **peak, **{**alarm, **late})) == (
        "The alarm went up at 15.2 ps (7.60 % strain), once, and repeatedly from 17 ps "
        "(8.50 % strain) on; the stress peaked at 16.4 ps (8.20 % strain) with 4.19 GPa: "
        "1.2 ps before the peak and 0.6 ps after the peak."
    )
    single = alarm_sentence(Summary(**base, alarm_time=17.0))
    assert single == "The alarm went up at 17 ps, for single snapshots only."
    assert alarm_sentence(Summary(**base)) == "The alarm did not go up."
    rising = Summary(**base, rising=True)
    assert alarm_sentence(rising).endswith("; the stress was still rising at the end.")
    learning = Summary(**base, state_counts=[9, 0, 0, 0])
    assert alarm_sentence(learning) == "The monitor was learning to the end."


def test_shown_forecasts_are_the_monitors(watched):
    """Against a monitor that is driven here, by hand, to the two moments that the report shows."""
    traj = read(watched)
    seen = hindsight(traj)
    assert seen.alarm == np.flatnonzero(traj.monitor["state"] == 3)[0]
    assert seen.origin <= seen.alarm - 20 and seen.rows[0] == seen.origin + 1
    rows, mean, std = seen.short[3]
    monitor = Monitor(traj.monitor_config, stride=NFREQ)
    for k in range(len(traj)):
        monitor.observe(int(traj.step[k]), float(traj.time[k]), traj.D[k])
        wanted = None
        if k == seen.origin:
            wanted = (seen.rows, seen.mean, seen.std, seen.components - 1)
        elif k == rows[0] - 1:
            wanted = (rows, mean[:, None], std[:, None], seen.components[:1] - 1)
        if wanted:
            expected = monitor.forecast(len(wanted[0]))
            atoms = traj.D[wanted[0], :1]
            assert np.allclose(wanted[1], expected[0][:, wanted[3]] / atoms, rtol=1e-12)
            assert np.allclose(wanted[2], expected[1][:, wanted[3]] / atoms, rtol=1e-12)
    actual = traj.D[seen.rows][:, seen.components] / traj.D[seen.rows, :1]
    assert np.array_equal(seen.actual, actual)


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
