"""IDs that mean other atoms than before: positions of one file must be told apart by them."""

import pytest

from blocks import ARGON
from dbar.trajectory import read

SOLID = ARGON + (
    "fix move all nve\nvelocity all create 30 7\ncompute d all dbar bso4 6.0 twojmax 2\n"
)
STREAM = "fix watch all dbar/stream 5 2 10 d monitor none thermo none "
KEEP = STREAM + "store run.h5md snapshot every 1\n"
CHANGES = {
    "sorted": "reset_atoms id sort yes\n",
    "without gaps": "group g id 5 17\ndelete_atoms group g\n",
}
WAY = "unfix watch"


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("again", ["run 20\n", "run 20 pre no\n"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_refused(lammps, tmp_path, change, again, ranks):
    if "pre no" in again:
        change += "run 0\n"
    keep = KEEP.replace("every 1", "adaptive 0.5").replace("none thermo", "monitor.toml thermo")
    (tmp_path / "monitor.toml").write_text("min_snapshots = 12\n")
    for stream in (KEEP, keep)[: 1 + (ranks == 2)]:
        done = lammps(SOLID + stream + "run 20\n" + change + again, np=ranks, ok=False)
        assert done.returncode != 0 and len(done.errors) == 1, done.output[-2000:]
        for word in ("Fix dbar/stream: keyword snapshot: atom ", "has ID ", "step 20", WAY):
            assert word in done.errors[0]
        assert list(read(tmp_path / "run.h5md").step) == [10, 20]


@pytest.mark.parametrize("stream", [STREAM + "\n", STREAM + "store run.h5md\n"])
def test_sums_do_not_ask_for_ids(lammps, stream):
    """Nor does a group whose atoms are the same."""
    half = "region low block INF INF INF INF 0 1.4\ngroup low region low\n"
    part = SOLID.replace("d all", "d low")
    text = part.replace("fix move", half + "fix move") + stream
    lammps(text + "run 20\nreset_atoms id sort yes\nrun 20\n", np=2)


@pytest.mark.parametrize("ranks", [1, 2])
def test_atoms_that_move_come_and_go(lammps, tmp_path, ranks):
    """From rank to rank, by a minimization, by hand; IDs stay theirs."""
    free = SOLID.replace("lj/cut 6.5", "zero 6.5").replace("1 1 0.01032 3.405", "* *")
    script = free.replace("create 30", "create 300") + KEEP + "run 40\nrun 20 pre no\n"
    script += "displace_atoms all move 0.3 0.3 0.3\nminimize 0 0 5 100\nrun 40\n"
    script += "group g id 5 17\ndelete_atoms group g compress no\nrun 20\n"
    script += "create_atoms 1 single 0.25 0.25 0.25\nrun 20\n"
    lammps(script.replace("snapshot every 1", "snapshot every 1 lost ignore"), np=ranks)
    assert len(read(tmp_path / "run.h5md").snapshots.step) > 10


def test_a_fix_that_is_defined_again(lammps, tmp_path):
    """The way on that the error names."""
    other = "unfix watch\n" + KEEP.replace("run.h5md", "other.h5md")
    lammps(SOLID + KEEP + "run 20\nreset_atoms id sort yes\n" + other + "run 20\n", np=2)
    assert list(read(tmp_path / "other.h5md").step) == [30, 40]
