"""The report's forecasts are a replay of one run: it says where the run itself knew more."""

import time

import pytest

from dbar.cli import main
from dbar.report.forecast import hindsight
from dbar.stream import Session
from dbar.trajectory import read
from streams import settings, stream

CONFIG = "min_snapshots = 24\nn_bags = 10\nlatent_dim = 4\n"
WORDS = "saw this run alone"


@pytest.mark.parametrize("ensemble", [None, "yes"])
def test_page_of_a_run_that_learnt_with_others(tmp_path, ensemble):
    toml = tmp_path / "monitor.toml"
    toml.write_text(CONFIG)
    sessions = [
        Session(
            settings(
                store=str(tmp_path / f"run.{k}.h5md"), monitor=str(toml), ensemble=ensemble,
                replica=k, replicas=2, began=time.time() - 5.0,
            )
        )
        for k in range(2)
    ]  # fmt: skip
    for rows in zip(stream(80, seed=40), stream(80, seed=41), strict=True):
        for session, row in zip(sessions, rows, strict=True):
            session.observe(*row)
    for session in sessions:
        session.close()
    for k in range(2):
        path = tmp_path / f"run.{k}.h5md"
        assert hindsight(read(path)).same == (ensemble is None)
        assert main(["report", str(path), "-o", str(tmp_path / "page.html")]) == 0
        assert (WORDS in (tmp_path / "page.html").read_text()) == (ensemble == "yes")


def test_a_folder_that_is_not_there(tmp_path, capsys):
    """Said before the work, and of the name that was given."""
    session = Session(settings(store=str(tmp_path / "run.h5md")))
    for row in stream(3):
        session.observe(*row)
    session.close()
    out = tmp_path / "none" / "page.html"
    assert main(["report", str(tmp_path / "run.h5md"), "-o", str(out)]) == 1
    assert f"{out}: cannot be written (no such file or directory)" in capsys.readouterr().err


def test_a_name_that_is_not_utf8(tmp_path):
    path = tmp_path / "run\udcff.h5md"
    session = Session(settings(store=str(tmp_path / "run.h5md")))
    for row in stream(3):
        session.observe(*row)
    session.close()
    (tmp_path / "run.h5md").rename(path)
    assert main(["report", str(path), "-o", str(tmp_path / "page.html")]) == 0
    assert r"run\udcff.h5md" in (tmp_path / "page.html").read_text(encoding="utf-8")
