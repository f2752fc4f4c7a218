"""The command line as a user types it, and a short demo with the real LAMMPS."""

import argparse
import json
import os
import re
import sys

import numpy as np
import pytest

from dbar import __version__
from dbar.cli import build_parser, main
from dbar.demo import DemoError, example_file, run_demo
from dbar.demo.run import _tail, newest_snapshot
from dbar.doctor import CHECKS
from dbar.stream import Session
from dbar.trajectory import judge, read
from patience import run
from streams import feed, settings, stream


@pytest.fixture
def run_file(tmp_path):
    session = Session(settings(store=str(tmp_path / "run.h5md")))
    feed(session, stream(60))
    session.close()
    return tmp_path / "run.h5md"


def dbar(*words, **kwargs):
    return run([sys.executable, "-m", "dbar.cli", *words], capture_output=True, text=True, **kwargs)


def test_version():
    done = dbar("--version")
    assert (done.returncode, done.stdout) == (0, f"dbar {__version__}\n")


def test_help_teaches():
    text = dbar("--help").stdout
    for word in ("demo", "doctor", "report", "examples:", "dbar report run.h5md"):
        assert word in text
    for command in ("demo", "doctor", "entropy", "fit", "forecast", "gpp", "report"):
        done = dbar(command, "--help")
        assert done.returncode == 0
        assert re.search(rf"examples?:\n  dbar {command} ", done.stdout), command


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["dance"], "invalid choice: 'dance'"),
        (["report"], "the following arguments are required: RUN.h5md"),
        (["demo", "--np", "0"], "argument --np: '0': expected an integer from 1 to 1024"),
        (["demo", "--np", "2.5"], "'2.5': expected an integer from 1 to 1024"),
        (["demo", "--strain", "lots"], "argument --strain: 'lots': expected a number from 0.001"),
    ],
)
def test_wrong_usage_is_exit_code_2(words, message, capsys):
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2 and message in capsys.readouterr().err


def test_report(run_file, capsys):
    assert main(["report", str(run_file)]) == 0
    page, shown = run_file.with_name("run.html"), capsys.readouterr().out
    assert "Can I trust the forecast? " in shown
    assert str(page) in shown.replace("\n", "") and page.exists()
    out = run_file.with_name("other.html")
    assert main(["report", str(run_file), "-o", str(out), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] and answer["report"] == str(out) and answer["snapshots"] == 60
    assert answer["answers"] == [list(pair) for pair in judge(read(run_file)).sentences]


def test_report_problems_are_exit_code_1(tmp_path, capsys):
    assert main(["report", str(tmp_path / "none.h5md")]) == 1
    assert f"dbar report: {tmp_path / 'none.h5md'}: no such file" in capsys.readouterr().err
    assert main(["report", str(tmp_path / "none.h5md"), "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer == {"ok": False, "error": f"{tmp_path / 'none.h5md'}: no such file"}


def test_report_that_cannot_be_written(run_file, capsys):
    assert main(["report", str(run_file), "-o", "/proc/report.html"]) == 1
    assert "/proc/report.html" in capsys.readouterr().err


def test_doctor_json():
    done = dbar("doctor", "--json")
    answer = json.loads(done.stdout)
    assert answer["ok"] and done.returncode == 0
    assert {"name", "ok", "found", "advice", "optional"} == set(answer["checks"][0])
    assert "✓" in done.stderr


def test_doctor_finds_a_problem():
    done = dbar("doctor", env={**os.environ, "LAMMPS_POTENTIALS": "/nowhere"})
    assert done.returncode == 1
    assert "✗ potentials: /nowhere" in done.stdout and "-> set LAMMPS_POTENTIALS" in done.stdout
    assert f"1 of {len(CHECKS)} checks failed" in done.stdout


def test_parser_defaults_fit_the_example():
    args = build_parser().parse_args(["demo"])
    text = example_file("in.al-tension").read_text()
    for name in ("strain", "seed", "anneal"):
        assert f"variable        {name:<9} index {getattr(args, name):g} " in text


def test_following_a_file_that_is_being_written(tmp_path):
    path = tmp_path / "run.h5md"
    assert newest_snapshot(path) is None
    session = Session(settings(store=str(path)))
    assert newest_snapshot(path) is None
    for row in stream(5):
        session.observe(*row)
        step, pxx, _, state = newest_snapshot(path)
        assert (step, pxx, state) == (row[0], row[4][2], 0)
    session.close()


def test_short_demo(tmp_path):
    """The whole path with LAMMPS on two ranks, ended after 0.6 % strain."""
    out = tmp_path / "demo"
    words = ["--strain", "0.006", "--anneal", "0.05", "--json"]
    done = dbar("demo", "--out", str(out), *words, seconds=300)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["snapshots"] == 6 and answer["sentence"].startswith("The monitor was learning")
    assert {p.name for p in out.iterdir()} >= {"run.h5md", "report.html", "in.al-tension"}
    assert "pull and watch: step 600/600" in done.stderr
    traj = read(out / "run.h5md")
    assert np.array_equal(traj.step, np.arange(1, 7) * 100) and traj.V is not None
    assert np.allclose(traj.time, 0.2 * np.arange(1, 7)) and np.all(traj.D[:, 0] > 2200)


def test_demo_shows_what_lammps_said(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LAMMPS_POTENTIALS", str(tmp_path))
    with pytest.raises(DemoError, match=r"ERROR.*Al_mm\.eam\.fs"):
        run_demo(tmp_path / "demo", strain=0.01, anneal=0.1)
    assert main(["demo", "--out", str(tmp_path / "demo"), "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert not answer["ok"] and "Al_mm.eam.fs" in answer["error"]


def test_an_error_that_never_reached_the_terminal_is_in_the_log(tmp_path):
    (tmp_path / "output.txt").write_text("Created 2304 atoms\n")
    assert "ERROR" not in _tail(tmp_path)
    (tmp_path / "log.lammps").write_text("pair_style eam\nERROR on proc 0: no file\n")
    assert "Created 2304 atoms\nERROR on proc 0: no file\n(all" in _tail(tmp_path)


def test_demo_on_more_ranks_than_asked_for_is_usage_not_a_crash(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["demo", "--out", str(tmp_path / "file")]) == 1
    assert "dbar demo: " in capsys.readouterr().err


def all_parsers(parser):
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for one in action.choices.values():
                yield from all_parsers(one)


def test_help_has_no_half_filled_places():
    """A single % in a help text lets argparse print its own insides."""
    texts = [parser.format_help() for parser in all_parsers(build_parser())]
    assert len(texts) > 20
    assert not [text for text in texts if "option_strings" in text or "object at 0x" in text]
