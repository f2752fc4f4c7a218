"""The three answers and the latched change, in a terminal, in lines, as JSON and on the page."""

import json
import os
import threading

import pytest
from rich.console import Console

from browser import drawn
from dbar.cli import main
from dbar.trajectory import write
from dbar.watch import Watching, WatchServer, plain_lines
from dbar.watch.screen import screen
from told import NEW, told

LEARN = [0] * 24
STORY = LEARN + [1] * 38 + [3, 3] + LEARN + [1] * 30
LATCHED = "changed at step 3050 (6.1 ps), regime 2 since"


@pytest.fixture
def changed(tmp_path):
    """A run that changed long ago and is trusted again."""
    path = tmp_path / "run.h5md"
    write(path, told(STORY, [(60, 62, 2)], jump=12.0))
    return path


def shown(path, width=100):
    watching = Watching([path] if not isinstance(path, list) else path)
    watching.poll()
    console = Console(width=width, file=open(os.devnull, "w"), record=True)
    console.print(screen(watching.frame(curves=True), width))
    return " ".join(console.export_text().split()), watching.frame()


def test_a_change_stays_visible(changed):
    text, frame = shown(changed)
    for words in (
        LATCHED, "trusted", "Can I trust the forecast? Yes: the run is where it was before",
        "Until when? Until 14.8 ps", "What changed? One alarm: at step 3050 (6.1 ps), noticed 2",
        "potential energy moved by", "false alarms to expect",
    ):  # fmt: skip
        assert words in text, text
    (line,) = plain_lines(frame)
    assert line.endswith(f"forecast trusted until 14.8 ps, 1 alarm, {LATCHED}")


def test_json(changed, capsys):
    assert main(["watch", str(changed), "--once", "--json"]) == 0
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert run["trust"] is True and run["until"] == pytest.approx(14.8)
    assert run["changes"] == [{"step": 3050, "time": pytest.approx(6.1), "regime": 2}]
    assert (run["regime"], run["changed"], run["consecutive"]) == (2, LATCHED, 1)
    assert [question for question, _ in run["answers"]] == [
        "Can I trust the forecast?", "Until when?", "What changed?",
    ]  # fmt: skip


def test_files_of_older_monitors(tmp_path):
    path = tmp_path / "old.h5md"
    run = told(LEARN + [1] * 20 + [3] + [1] * 5, drop=NEW)
    run.monitor["tau_pred"][-1] = 0.0
    write(path, run)
    text, frame = shown(path)
    assert "alarm at step 2250 (4.5 ps)" in text and "regime 2" not in text
    assert "forecast? No: from here it leaves what is known at once" in text
    assert "forecast not to be trusted, 1 alarm" in plain_lines(frame)[0]
    assert frame["runs"][0]["regime"] is frame["runs"][0]["evidence"] is None


def test_many_runs_have_a_line_each(changed):
    names = [changed.with_name(f"{k}.h5md") for k in range(4)]
    for name in names:
        os.link(changed, name)
    text, _ = shown(names)
    assert text.count(LATCHED) == 4 and "Until when?" not in text


def test_on_the_page(changed, tmp_path):
    with WatchServer(Watching([changed]), port=0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page, complaints = drawn(server.url, tmp_path)
        server.shutdown()
    assert not complaints
    for words in (f'<span class="pill changed">{LATCHED}</span>', "<dt>Until when?</dt>", "regime"):
        assert words in page, words
    assert 'class="answers yes"' in page
