"""Keywords persist and reference: what reaches the monitor, and one clear error for everything else."""

import pytest

from dbar.trajectory import read
from restarts import AGAIN, START

COMPUTE = "fix nve all nve\ncompute d all dbar bso4 4.7 twojmax 2\n"
STREAM = COMPUTE + "fix s all dbar/stream 2 5 10 d store run.h5md "
WHAT = "reference {}: {} snapshots are there and this run makes {} more up to step {}, "


def refused(done, *texts):
    """One error that says all of this, and nobody hangs."""
    assert done.returncode != 0 and len(done.errors) == 1, done.output
    for text in texts:
        assert text in done.errors[0]
    assert not any(line.split()[:1] == ["Step"] for line in done.output.splitlines())


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("persist 0", "keyword persist expects an integer from 1 to 1000000, found 0"),
        ("persist x", "keyword persist expects an integer from 1 to 1000000, found x"),
        ("persist -3", "keyword persist expects an integer from 1 to 1000000, found -3"),
        ("persist 2.5", "keyword persist expects an integer from 1 to 1000000, found 2.5"),
        ("persist 1000001", "keyword persist expects an integer from 1 to 1000000, found 1000001"),
        ("persist 99999999999999999999", "from 1 to 1000000, found 99999999999999999999"),
        ("persist", "keyword persist expects an integer from 1 to 1000000, found nothing"),
        ("reference 0", "keyword reference expects an integer from 1 to 1000000000, found 0"),
        ("reference -100", "keyword reference expects an integer from 1 to 1000000000, found -100"),
        ("reference 4000000000", "from 1 to 1000000000, found 4000000000"),
        ("reference 1e3", "keyword reference expects an integer from 1 to 1000000000, found 1e3"),
        ("persist 3 monitor none", "keyword persist 3 needs a monitor, found monitor none"),
        ("monitor none reference 40", "keyword reference 40 needs a monitor, found monitor none"),
    ],
)
@pytest.mark.parametrize("ranks", [1, 2])
def test_words_that_cannot_be(lammps, ranks, words, found):
    refused(lammps(START + STREAM + words + "\nrun 10\n", np=ranks, ok=False), found)


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize(
    ("toml", "words", "found"),
    [
        ("persist = 2", "persist 3", "keyword persist 3 contradicts monitor setting persist = 2 in "
         "monitor.toml; expected one of them, or the same in both"),
        ("persist = 1", "persist 3", "contradicts monitor setting persist = 1 in monitor.toml"),
        ("reference = 0", "reference 50", "keyword reference 50 contradicts monitor setting "
         "reference = 0 in monitor.toml"),
        ("reference = 50", "reference 60", "contradicts monitor setting reference = 50"),
        ("persist = 0", "", "monitor setting persist = 0: expected an integer in [1, 1000000]"),
        ("min_snapshots = 12\norder = 2", "reference 13", "monitor setting reference = 13: expected "
         "at least 14, the snapshot of the first model (min_snapshots 12 + order 2), or 0"),
        ("reference = 24", "", "monitor setting reference = 24: expected at least 25"),
    ],
)  # fmt: skip
def test_settings_that_contradict_each_other(lammps, tmp_path, ranks, toml, words, found):
    (tmp_path / "monitor.toml").write_text(toml + "\n")
    script = START + STREAM + f"monitor monitor.toml {words}\nrun 1000\n"
    refused(lammps(script, np=ranks, ok=False), "Python: ValueError: ", found)


@pytest.mark.parametrize(
    ("toml", "words", "persist", "reference"),
    [
        ("", "", 1, 0),
        ("", "persist 3", 3, 0),
        ("", "reference 20 persist 2", 2, 20),
        ("persist = 4\nreference = 20", "", 4, 20),
        ("persist = 4", "reference 20", 4, 20),
        ("persist = 4\nreference = 20", "persist 4 reference 20", 4, 20),
    ],
)
def test_what_reaches_the_monitor(lammps, tmp_path, toml, words, persist, reference):
    (tmp_path / "monitor.toml").write_text("min_snapshots = 12\n" + toml)
    lammps(START + STREAM + f"monitor monitor.toml {words}\nrun 200\n", np=2)
    config = read(tmp_path / "run.h5md").monitor_config
    assert (config["persist"], config["reference"]) == (persist, reference)


def test_keywords_do_without_a_file(lammps, tmp_path):
    lammps(START + STREAM + "persist 3 reference 25\nrun 250\n")
    config = read(tmp_path / "run.h5md").monitor_config
    assert (config["persist"], config["reference"], config["min_snapshots"]) == (3, 25, 24)


# ---- a reference that the run does not reach --------------------------------------------------


@pytest.mark.parametrize("ranks", [1, 2])
def test_beyond_the_run(lammps, ranks):
    script = START + STREAM + "reference 26\nrun 250\n"
    refused(lammps(script, np=ranks, ok=False), WHAT.format(26, 0, 25, 250), "run N stop STEP")


def test_beyond_the_run_says_the_settings_of_a_file(lammps, tmp_path):
    (tmp_path / "monitor.toml").write_text("reference = 40\n")
    script = START + STREAM + "monitor monitor.toml\nrun 399\n"
    refused(lammps(script, np=2, ok=False), WHAT.format(40, 0, 39, 399))


def test_pieces_of_a_run_are_runs(lammps):
    """LAMMPS tells a fix of the first piece only, unless the keyword stop tells of all."""
    script = START + STREAM + "reference 25\nrun 250 every 50 'print go'\n"
    refused(lammps(script, np=2, ok=False), WHAT.format(25, 0, 5, 50), "pieces of run every")


@pytest.mark.parametrize(
    "runs",
    [
        "run 250",
        "run 250 upto",
        "run 100 stop 250\nrun 150",
        "run 0\nrun 250",
        "run 250 stop 250 every 50 'print go'",
        "run 97 stop 250\nrun 153 pre no",
        "run 250\nrun 10",
    ],
)
def test_within_the_runs(lammps, tmp_path, runs):
    lammps(START + STREAM + f"reference 25\n{runs}\n", np=2)
    assert len(read(tmp_path / "run.h5md")) >= 25


def test_each_run_is_asked_anew(lammps):
    """The first run has announced more than comes."""
    done = lammps(
        START + STREAM + "reference 30\nrun 100 stop 300\nprint AGAIN\nrun 150\n", ok=False, np=2
    )
    assert len(done.errors) == 1 and WHAT.format(30, 10, 15, 250) in done.errors[0]
    assert done.output.index("AGAIN") < done.output.index("reference 30: ")


def test_a_first_window_that_lacks_samples_makes_no_snapshot(lammps, tmp_path):
    """Defined at step 5, in the midst of the window 2 ... 10; after a restart that window goes on."""
    settle = "fix nve all nve\ncompute d all dbar bso4 4.7 twojmax 2\nrun 5\n"
    stream = STREAM.removeprefix(COMPUTE) + "reference 25\n"
    done = lammps(START + settle + stream + "run 250 upto\n", ok=False, np=2)
    assert len(done.errors) == 1 and WHAT.format(25, 0, 24, 250) in done.errors[0]
    (tmp_path / "run.h5md").unlink(missing_ok=True)
    lammps(START + settle + stream + "run 260 upto\n", np=2)
    assert len(read(tmp_path / "run.h5md")) == 25
    (tmp_path / "run.h5md").unlink()
    lammps(START + STREAM + "reference 25\nrun 235 stop 250\nwrite_restart r.237\n", np=2)
    lammps(AGAIN + STREAM + "reference 25\nrun 15\n", np=2)
    assert len(read(tmp_path / "run.h5md")) == 25


def test_a_continued_store_counts(lammps, tmp_path):
    """With a restart file, and without one (a script that begins where the file ends)."""
    lammps(START + STREAM + "reference 25\nrun 200 stop 250\nwrite_restart r.237\n", np=2)
    refused(
        lammps(AGAIN + STREAM + "reference 25\nrun 40\n", np=2, ok=False),
        WHAT.format(25, 20, 4, 240),
    )
    lammps(AGAIN + STREAM + "reference 25\nrun 50\n", np=2)
    script = START + "reset_timestep 250\n" + STREAM + "reference 25\nrun 10\n"
    lammps(script, np=2)
    assert len(read(tmp_path / "run.h5md")) == 26
