"""Atoms that come, go and get lost while `fix dbar/stream` averages."""

import h5py
import numpy as np
import pytest

from blocks import METAL
from crystal import same_lattice
from dbar.trajectory import read

GAS = METAL + (
    "boundary {boundary}\nregion b prism 0 16 0 16 0 16 0 0 0\ncreate_box 1 b\n"
    "create_atoms 1 random 60 4711 NULL\nmass 1 40\npair_style zero 6.0\npair_coeff * *\n"
    "neigh_modify every 1 delay 0 check yes\nvelocity all create 300 7\nfix nve all nve\n"
    "compute d all dbar bso4 4.7 twojmax 2\n"
)
STREAM = "fix s all dbar/stream 5 4 20 d store run.h5md snapshot every 1 monitor none thermo none\n"
NEW = "region in block 5 11 5 11 5 11\nfix new all deposit 3 1 {every} 99 region in vy -5 5\n"
PERIODIC = GAS.format(boundary="p p p")


def dumped(path):
    """{step: (lower corner, cell, {id: unwrapped position})} of a dump whose number of atoms changes."""
    frames = {}
    for text in path.read_text().split("ITEM: TIMESTEP\n")[1:]:
        lines = text.splitlines()
        bounds = np.array([[float(w) for w in line.split()] for line in lines[4:7]])
        xy = bounds[0, 2]
        lo = bounds[:, 0] - [min(0.0, xy), 0, 0]
        cell = np.diag(bounds[:, 1] - [max(0.0, xy), 0, 0] - lo)
        cell[1, 0] = xy
        rows = [line.split() for line in lines[8:]]
        frames[int(lines[0])] = lo, cell, {int(r[0]): np.array(r[1:], float) for r in rows}
    return frames


def expected(frames, step, atom):
    """Mean over the window of fractions of the cell; before it was there it stood where it came."""
    lo_end, cell_end, _ = frames[step]
    came = min(n for n in frames if atom in frames[n][2])
    fractions = []
    for n in range(step - 15, step + 1, 5):
        lo, cell, x = frames[max(n, came)]
        fractions.append((x[atom] - lo) @ np.linalg.inv(same_lattice(cell, cell_end)))
    return np.mean(fractions, axis=0) @ cell_end + lo_end


@pytest.mark.parametrize("np_", [1, 2])
@pytest.mark.parametrize(
    ("shear", "every"),
    # the box flips at step 87 (checked below), in which an atom comes, as others do inside windows
    [("", 43), ("fix f all deform 1 xy erate 5.848 flip yes\n", 86)],
    ids=["box at rest", "box that flips"],
)
def test_atoms_created_inside_a_window(lammps, tmp_path, shear, every, np_):
    watch = "dump d all custom 1 dump.txt id xu yu zu\ndump_modify d format float %.17g sort id\n"
    # lost error, the default: atoms that come are no surprise
    lammps(PERIODIC + shear + STREAM + NEW.format(every=every) + watch + "run 120\n", np=np_)
    frames, run = dumped(tmp_path / "dump.txt"), read(tmp_path / "run.h5md")
    assert run.D[-1, 0] == 60 + (2 if shear else 3)
    came = [min(n for n in frames if atom in frames[n][2]) for atom in (61, 62)]
    assert came == [1, 1 + every]
    if shear:
        assert frames[86][1][1, 0] - frames[87][1][1, 0] > 15.0
    for k, step in enumerate(run.step):
        for atom, x in zip(run.snapshots.id[k], run.snapshots.position[k], strict=True):
            if atom == 0:
                continue
            off = (x - expected(frames, int(step), atom)) @ np.linalg.inv(frames[step][1])
            assert np.abs(off - np.round(off)).max() < 1e-9


def test_atoms_created_between_two_runs(lammps):
    """They have no average of the window that has just ended: it is where they are."""
    script = PERIODIC.replace("velocity all create 300 7\n", "") + (
        "compute m all dbar bso4 4.7 twojmax 2 average s\n"
        + STREAM
        + "run 20\ncreate_atoms 1 single 7.5 8.5 9.5\nthermo_style custom step c_m[2] c_d[2]\n"
        "thermo 20\nthermo_modify norm no format float %.15g\nrun 0\n"
        "print 'BOTH $(c_m[2]:%.15g) $(c_d[2]:%.15g)'\n"
    )
    mean, now = lammps(script).output.rsplit("BOTH", 1)[1].split()[:2]
    assert float(mean) == pytest.approx(float(now), rel=1e-12)


def test_atoms_that_evaporate_are_not_lost(lammps, tmp_path):
    lammps(PERIODIC + STREAM + "fix gone all evaporate 7 3 b 5\nrun 60\n", np=2)
    counts = read(tmp_path / "run.h5md").D[:, 0]
    assert counts[-1] < counts[0] < 60


@pytest.mark.parametrize("np_", [1, 2])
@pytest.mark.parametrize("choice", ["warn", "ignore"])
def test_lost_atoms_whatever_thermo_says(lammps, tmp_path, choice, np_):
    """Each thermo output lowers the number of atoms that LAMMPS expects."""
    leave = (
        "region edge block 12 16 INF INF INF INF\ngroup edge region edge\n"
        "velocity edge set 200 NULL NULL units box\nfix gone all evaporate 7 1 b 5\n"
        f"thermo 1\nthermo_modify lost {choice}\n"
    )
    open_box = GAS.format(boundary="f p p")
    done = lammps(open_box + leave + STREAM + "run 100\n", np=np_, ok=False)
    assert done.returncode != 0
    assert "lost atoms" in done.errors[0] and "keyword lost ignore" in done.errors[0]
    assert len(read(tmp_path / "run.h5md")) < 5
    lammps(open_box + leave + STREAM.replace("store run", "lost ignore store b") + "run 100\n")


@pytest.mark.parametrize("then", ["", "minimize 0 0 1 10\n"], ids=["run", "minimize"])
def test_atoms_lost_when_a_run_begins(lammps, then):
    away = "region edge block 12 16 INF INF INF INF\ngroup edge region edge\n"
    move = "displace_atoms edge move 50 0 0 units box\nthermo 1\nthermo_modify lost ignore\n"
    script = GAS.format(boundary="f p p") + away + STREAM + "run 20\n" + move + then + "run 40\n"
    done = lammps(script, np=2, ok=False)
    assert done.returncode != 0 and "lost atoms: 49 of 60 are left at step" in done.errors[0]


def test_kept_positions_are_as_wide_as_the_group(lammps, tmp_path):
    few = "group few id 1:5\n"
    lammps(PERIODIC + few + STREAM.replace("s all", "s few") + "run 40\n", np=2)
    with h5py.File(tmp_path / "run.h5md") as file:
        assert file["particles/snapshots/position/value"].shape == (2, 5, 3)
        assert file["particles/snapshots/id/value"].shape == (2, 5)
