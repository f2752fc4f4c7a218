"""`compute dbar/entropy`: the numbers of EntropyModel for positions at rest, while LAMMPS runs."""

import numpy as np
import pytest

from dbar.entropy import EntropyModel
from entropy_models import CLUSTERS, clusters, iron_model, law
from entropy_runs import (
    BOXES,
    MINIMIZE,
    PRINT,
    SHOW,
    D,
    assert_same,
    dumped,
    iron_cell,
    printed,
    said,
)


@pytest.fixture(scope="module")
def iron_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "fe.json"
    iron_model().export(path)
    return path


@pytest.fixture(scope="module")
def cluster_file(tmp_path_factory):
    """With a temperature: S of all, and of other numbers of atoms, are those of the same law."""
    path = tmp_path_factory.mktemp("model") / "ar.json"
    frames = clusters(15, 0) + clusters(12, 1, "Ar6")
    model = EntropyModel(CLUSTERS, lammps_units="lj")
    model.fit(frames, law(CLUSTERS, frames), temperature=0.1).export(path)
    return path


@pytest.mark.parametrize("box", BOXES)
@pytest.mark.parametrize("ranks", [1, 2])
def test_a_vacancy(lammps, tmp_path, iron_file, box, ranks):
    """Relaxed by `minimize`; in thermo, a variable and fix ave/time; at two temperatures; `run 0`."""
    model = EntropyModel.load(iron_file)
    begin = iron_cell(box) + D + f"compute s all dbar/entropy d {iron_file}\n"
    average = "fix out all ave/time 1 1 1 c_s[*] file ave.txt format ' %.17g'\nrun 0\n"
    done = lammps(begin + SHOW + MINIMIZE + PRINT + average, np=ranks)
    atoms = dumped(tmp_path)
    (found,) = said(done)
    assert_same(found, model, atoms)
    assert found[5] != 0 and np.isfinite(found).all()
    np.testing.assert_allclose(np.loadtxt(tmp_path / "ave.txt")[1:], found[1:], rtol=1e-9)
    # thermo shows what is printed, and NaN before that
    lines = [line.split() for line in done.output.splitlines()]
    at = next(k for k, line in enumerate(lines) if line[:1] == ["Step"])
    assert lines[at + 1][3] in ("nan", "-nan")
    assert float(lines[at + 2][3]) == pytest.approx(found[0], rel=1e-6)

    warm = begin.rstrip() + " temp 700\n" + SHOW + MINIMIZE + "run 0\n" + PRINT
    assert_same(said(lammps(warm, np=ranks))[0], model, dumped(tmp_path), 700)


OPEN = """
units lj
atom_style atomic
boundary {boundary}
region b block -8 8 -8 8 {z}
create_box 1 b
mass 1 1
pair_style lj/cut 5
pair_coeff * * 1 1
comm_modify cutoff 5
"""
SEVEN = [
    (0, 0, 0),
    (1.1, 0, 0),
    (0, 1.1, 0),
    (0, 0, 1.1),
    (1.1, 1.1, 0),
    (1.1, 0, 1.1),
    (0, 1.1, 1.1),
]


@pytest.mark.parametrize(
    ("boundary", "z", "sites", "ranks"),
    [
        ("f f f", "-8 8", SEVEN, 1),
        ("f f f", "-8 8", SEVEN, 4),  # three of them without atoms
        ("f f f", "-8 8", [(1.1 * k, 0, 0) for k in range(6)], 2),  # on a line: five zero modes
        ("f f p", "-8 8", SEVEN, 2),  # four
        ("f p p", "-8 8", SEVEN, 2),  # three
        ("p p p", "-8 8", SEVEN, 1),
    ],
)
def test_clusters(lammps, tmp_path, cluster_file, boundary, z, sites, ranks):
    """A model without bulk: formation is NaN in thermo, and F counts the modes that there are."""
    model = EntropyModel.load(cluster_file)
    script = OPEN.format(boundary=boundary, z=z)
    script = "processors 4 1 1\n" + script if ranks == 4 else script
    script += "".join(f"create_atoms 1 single {x} {y} {z}\n" for x, y, z in sites)
    script += "compute d all dbar afs 4 nmax 3 lmax 2\n"
    script += f"compute s all dbar/entropy d {cluster_file} temp 0.2\n"
    done = lammps(script + SHOW + MINIMIZE + printed(4), np=ranks)
    (found,) = said(done)
    assert any(
        line.split()[-2:] == ["nan", "nan"] and line.split()[3][:3] != "nan"
        for line in done.output.splitlines()
    )
    atoms = dumped(tmp_path, "Ar", [word == "p" for word in boundary.split()])
    assert_same(found, model, atoms, 0.2)
    zero = 3 * len(atoms) - (found[4] / 0.2 + found[1])
    assert zero == pytest.approx(
        {"f f f": 6, "f f p": 4}.get(boundary, 3) - (sites != SEVEN), abs=1e-8
    )
