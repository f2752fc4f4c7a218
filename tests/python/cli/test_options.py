"""Options that do not apply are refused by name, and each run has a page of its own."""

import pytest

from dbar.cli import main
from dbar.stream import Session
from dbar.trajectory import write
from h5md_ensembles import run, write_runs
from streams import feed, settings, stream

FEW = ["--order", "1", "--dimension", "3"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("options")
    for name in ("run1.h5md", "run2.h5md", "odd.name.1"):
        session = Session(settings(store=str(folder / name)))
        feed(session, stream(60))
        session.close()
    paths = write_runs(folder, 2, 60)
    assert main(["fit", *paths, "-o", str(folder / "m.h5"), *FEW]) == 0
    write(folder / "new.h5md", run(500, 60)[0])
    return folder


def refused(words, message, capsys):
    capsys.readouterr()
    assert main([str(word) for word in words]) == 1
    assert message in capsys.readouterr().err


def test_each_run_has_a_page_of_its_own(folder, capsys):
    for name, page in (("run1.h5md", "run1.html"), ("run2.h5md", "run2.html")):
        assert main(["report", str(folder / name)]) == 0
        assert str(folder / page) in capsys.readouterr().out and (folder / page).exists()
    assert main(["report", str(folder / "odd.name.1")]) == 0
    assert (folder / "odd.name.1.html").exists() and not (folder / "report.html").exists()


@pytest.mark.parametrize(
    ("words", "named"),
    [(["--from", "0"], "--from 0.0"), (["--until", "12"], "--until 12.0"), (["--order", "2"], "--order 2"),
     (["--dimension", "3"], "--dimension 3"), (["--bags", "20"], "--bags 20"),
     (["--coverage", "0.25"], "--coverage 0.25"), (["--seed", "0"], "--seed 0"),
     (["--prior", "persistence"], "--prior persistence"), (["--observable", "pe"], "--observable"),
     (["--trust-until", "3"], "--trust-until 3.0"), (["--yield"], "--yield")],
    ids=lambda v: v[0] if isinstance(v, list) else "",
)  # fmt: skip
def test_report_of_one_run_refuses_options_of_several(folder, words, named, capsys):
    page = folder / "refused.html"
    expected = f"{named}: applies to several runs, expected more than the one file"
    refused(["report", folder / "run1.h5md", "-o", page, *words], expected, capsys)
    assert not page.exists()


def test_forecast_refuses_what_it_would_not_show(folder, tmp_path, capsys):
    words = ["forecast", folder / "m.h5", folder / "new.h5md", "--steps", "3"]
    nowhere = "is not shown in a terminal, expected -o FILE or --json"
    refused([*words, "--samples", "5"], f"--samples 5: {nowhere}", capsys)
    refused([*words, "--epistemic"], f"--epistemic: {nowhere}", capsys)
    table = tmp_path / "f.csv"
    room = f"--samples 5: {table} has no room for it, expected .json or .h5"
    refused([*words, "--samples", "5", "-o", table], room, capsys)
    drawn = "--seed 0: nothing is drawn, expected --samples or --epistemic"
    refused([*words, "--seed", "0", "--json"], drawn, capsys)
    assert not list(tmp_path.iterdir())
    assert main([*map(str, words), "--samples", "5", "--seed", "3", "--json"]) == 0
    assert main([*map(str, words), "--samples", "5", "--json", "-o", str(table)]) == 0


def test_watch_once_has_no_interval(folder, capsys):
    words = ["watch", folder / "run1.h5md", "--once", "--interval", "2"]
    refused(words, "--interval 2.0: does not go with --once", capsys)
