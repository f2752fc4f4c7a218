"""Actions of PLUMED that ask for more than collective variables: right, or refused by a line that says why."""

import numpy as np
import pytest

from plumed_cases import EAM, WARM, compute, cv, table, write

START = "UNITS ENERGY=eV\ns: EXTRACV NAME=order\n"
RUN = (
    "fix b all dbar/plumed d p.dat cv order.json\nvelocity all create 300 7\n"
    "fix move all {integrate}\nthermo_style custom step f_b[1] lx ly lz xy vol\nrun 4\n"
)
PDB = "ATOM      1  X   RES     1       0.000   0.000   0.000  1.00  1.00\nEND\n"
GRID = "ARG=s GRID_MIN=0 GRID_MAX=300 GRID_BIN=60 BANDWIDTH=10"


def run(lammps, folder, actions, integrate="nve", box="", **kwargs):
    write(folder, cv("order", [0.0, 0.01] + [0.0] * 13))
    (folder / "p.dat").write_text(START + actions)
    (folder / "one.pdb").write_text(PDB)
    script = EAM + box + WARM + compute() + RUN.format(integrate=integrate)
    return lammps(script, np=2, **kwargs)


@pytest.mark.parametrize(
    ("action", "stride"),
    [("HISTOGRAM", ""), ("HISTOGRAM", " STRIDE=4"), ("KDE", " STRIDE=4")],
)
def test_grids(lammps, tmp_path, action, stride):
    """They died without a word where PLUMED knew of no atom; the histogram is that of the values."""
    run(
        lammps,
        tmp_path,
        f"PRINT ARG=s FILE=s.txt\nh: {action} {GRID}\nDUMPGRID ARG=h FILE=h.txt{stride}\n",
    )
    values, grid = table(tmp_path / "s.txt")[:, 1], table(tmp_path / "h.txt")
    assert np.isfinite(grid[:, :2]).all()
    mean = np.average(grid[:, 0], weights=grid[:, 1])
    assert mean == pytest.approx(values.mean(), abs=2.0)


def test_the_cell(lammps, tmp_path):
    """Of each step, in the units that the input chose."""
    text = "c: CELL\nv: VOLUME\nPRINT ARG=c.*,v FILE=c.txt\n"
    box = "change_box all triclinic xy final 0.7 remap\n"
    done = run(lammps, tmp_path, text, "npt temp 300 300 0.1 tri 0 9000 0.02", box)
    rows = [line.split() for line in done.output.splitlines() if line.split()[:1] == ["4"]]
    lx, ly, lz, xy, volume = map(float, rows[-1][2:7])
    last = table(tmp_path / "c.txt")[-1, 1:]
    assert last[[0, 3, 4, 8]] == pytest.approx(np.array([lx, xy, ly, lz]) / 10, rel=1e-5)
    assert last[9] == pytest.approx(volume / 1000, rel=1e-5)


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        (
            "g: GYRATION ATOMS=@mdatoms\nPRINT ARG=g FILE=g.txt\n",
            ["GYRATION ATOMS=@mdatoms", "fix plumed"],
        ),
        ("p: POSITION ATOM=1\nPRINT ARG=p.x FILE=g.txt\n", ["POSITION ATOM=1 asks for"]),
        ("p: DISTANCE ATOMS=1,2\nPRINT ARG=p FILE=g.txt\n", ["DISTANCE ATOMS=1,2"]),
        ("DUMPMASSCHARGE FILE=m.txt\n", ["asks for atoms"]),
        ("e: ENERGY\nPRINT ARG=e FILE=g.txt\n", ["ENERGY"]),
        ("v: VOLUME\nRESTRAINT ARG=v AT=1 KAPPA=1\n", ["biases the cell", "VOLUME"]),
        (
            f"h: KDE {GRID}\nDUMPGRID ARG=h FILE=h.txt\n",
            ["DUMPGRID without STRIDE beside KDE", "STRIDE=N"],
        ),
        (
            "r: RMSD REFERENCE=one.pdb TYPE=SIMPLE\nRESTRAINT ARG=r AT=1 KAPPA=1\n",
            ["bias of PLUMED is", "nan"],
        ),
    ],
    ids=[
        "gyration",
        "position",
        "distance",
        "masses",
        "energy",
        "volume",
        "kde at the end",
        "a structure",
    ],
)
def test_what_nobody_gives(lammps, tmp_path, actions, words):
    done = run(lammps, tmp_path, actions, ok=False)
    assert done.returncode != 0 and len(done.errors) == 1, done.output[-1500:]
    assert all(word in done.errors[0] for word in words), done.errors
