"""The head of the report: what changed, the regimes, and their figures, from stories that are known."""

import re

from dbar.report import report
from dbar.report.series import pick_series
from dbar.trajectory import find_changes
from told import NEW, told

LEARN = [0] * 24
STORY = LEARN + [1] * 38 + [3, 3] + LEARN + [1] * 30 + [3] + LEARN + [2] * 6
CHANGES = [(60, 62, 2), (116, 118, 1)]


def page(run, tmp_path):
    text = report(run, tmp_path / "a.html", name="a run").read_text(encoding="utf-8")
    return " ".join(re.sub(r"<svg.*?</svg>", "", text, flags=re.S).split())


def test_changes_and_regimes_have_their_tables(tmp_path):
    text = page(told(STORY, CHANGES, jump=12.0), tmp_path)
    for words in (
        "What changed?", "step 3050 (6.1 ps), noticed 2 snapshots later: regime 2 since",
        "potential energy is", "its spread)", "1, back again", "24, 36, 0, 0", "learning again", "as the run began",
        "Of all observables potential energy changed most.", "No</b>: the newest snapshot lies outside",
        "no positions were kept on both sides of a change",
    ):  # fmt: skip
        assert words in text, words
    assert "older monitor" not in text


def test_what_changed_most_is_drawn():
    run = told(STORY, CHANGES, jump=12.0)
    assert pick_series(run, find_changes(run))[0].name == "potential energy"
    run.observables["temp"][60:] += 50.0
    assert pick_series(run, find_changes(run))[0].name == "temperature"


def test_a_quiet_run(tmp_path):
    text = page(told(LEARN + [1] * 50), tmp_path)
    assert "Yes</b>: the run is where it was before" in text and "What changed?</h2>" not in text
    assert "has 0.005 false alarms to expect" in text


def test_a_file_of_an_older_monitor_says_so(tmp_path):
    text = page(told(LEARN + [1] * 20 + [3] + [1] * 20, drop=NEW), tmp_path)
    assert "older monitor" in text and "alarm, no new regime" in text
    assert "evidence of a change" not in text


def test_names_are_no_markup(tmp_path):
    run = told(STORY, CHANGES, jump=12.0)
    run.observables = {"<b>v</b>": run.observables["pe"]}
    text = page(run, tmp_path)
    assert "<b>v</b>" not in text and "&lt;b&gt;v&lt;/b&gt;" in text
