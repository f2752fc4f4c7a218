"""`compute dbar/atom/novelty`: the numbers of dbar.novelty, one per atom, while LAMMPS runs."""

import json

import ase
import ase.build
import numpy as np
import pytest

from blocks import METAL, read_dump, read_global, system
from crystal import SYSTEM as CRYSTAL
from dbar.descriptors import Bispectrum
from dbar.novelty import AtomNovelty, regions

SHAKE = 0.12  # largest displacement along each axis


def shaken(size, seed, symbols="Al"):
    """Fcc crystal with uniform displacements, as `displace_atoms random` gives them."""
    rng = np.random.default_rng(seed)
    atoms = ase.build.bulk("Al", "fcc", a=4.05, cubic=True) * (size, size, size)
    atoms.positions += rng.uniform(-SHAKE, SHAKE, (len(atoms), 3))
    if symbols != "Al":
        atoms.symbols = rng.choice(symbols, len(atoms))
    return atoms


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """Model of shaken aluminium, and its file."""
    model = AtomNovelty(Bispectrum(4.7, twojmax=4)).fit([shaken(5, seed) for seed in range(4)])
    path = tmp_path_factory.mktemp("model") / "al.json"
    model.export(path)
    return model, path


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """The same with two species."""
    descriptor = Bispectrum(4.7, twojmax=6, species=["Al", "Cu"], weight=[1, 0.5])
    frames = [shaken(5, seed, ["Al", "Cu"]) for seed in range(4)]
    model = AtomNovelty(descriptor).fit(frames)
    path = tmp_path_factory.mktemp("model") / "alcu.json"
    model.export(path)
    return model, path


def dumped(path, symbols=("Al", "Cu")):
    """Configuration of the last frame of a dump of type x y z, and the columns after these."""
    lo, cell, found = list(read_dump(path).values())[-1]
    names = np.array(symbols)[found[:, 0].astype(int) - 1]
    return ase.Atoms(names, positions=found[:, 1:4] - lo, cell=cell, pbc=True), found[:, 4:], lo


@pytest.mark.parametrize("box", ["orthogonal", "triclinic"])
def test_same_numbers_as_offline(lammps, tmp_path, two, box):
    """On 1, 2, 4 ranks and with threads; 1e-10 of M, which the model's condition (1e4) allows."""
    model, path = two
    script = system(box, 2, displace=SHAKE) + f"compute n all dbar/atom/novelty {path}\n"
    script += "dump d all custom 1 at.dump id type x y z c_n\ndump_modify d format float %.17g\n"
    for np_, threads in ((1, 1), (2, 3), (4, 1)):
        lammps(script + "run 0\n", np=np_, env={"OMP_NUM_THREADS": str(threads)})
        atoms, found, _ = dumped(tmp_path / "at.dump")
        np.testing.assert_allclose(found[:, 0], model.score(atoms), rtol=1e-10)


def test_group_runs_and_averages(lammps, tmp_path, one):
    """Outside of the group M is 0; with average the positions are those that the store keeps."""
    model, path = one
    script = CRYSTAL + "compute d all dbar bso4 4.7 twojmax 2\n"
    script += "fix s all dbar/stream 2 5 10 d store run.h5md snapshot every 1 monitor none\n"
    script += f"group odd id 1:1000:2\ncompute n odd dbar/atom/novelty {path} average s\n"
    script += f"compute now all dbar/atom/novelty {path}\n"
    script += "dump d all custom 10 at.dump id type x y z c_n c_now\n"
    script += "dump_modify d format float %.17g\n"
    lammps(script + "run 10\nrun 10\ninfo memory\n", np=2)
    from dbar.trajectory import read

    kept = read(tmp_path / "run.h5md").snapshots
    mean = ase.Atoms("Al256", positions=kept.position[-1], cell=kept.edges[-1], pbc=True)
    now, found, _ = dumped(tmp_path / "at.dump")
    odd = kept.id[-1] % 2 == 1
    np.testing.assert_allclose(found[odd, 0], model.score(mean)[odd], rtol=1e-9)
    assert not found[~odd, 0].any()
    np.testing.assert_allclose(found[:, 1], model.score(now), rtol=1e-10)


def test_the_region_of_a_planted_vacancy_cluster_is_named(lammps, tmp_path, one):
    """80,000 atoms, 9 missing at the boundary: LAMMPS's voxel of the largest M, the offline region."""
    model, path = one
    script = METAL + (
        "boundary p p p\nlattice fcc 4.05\nregion b block 0 25 0 25 0 32\ncreate_box 1 b\n"
        "create_atoms 1 box\nmass 1 26.98\npair_style zero 5.0\npair_coeff * *\n"
        "region hole sphere 24.5 7.5 30 0.72\ndelete_atoms region hole\n"
        f"displace_atoms all random {SHAKE} {SHAKE} {SHAKE} 4711 units box\n"
        f"compute n all dbar/atom/novelty {path}\n"
        "compute cc all chunk/atom bin/3d x lower 3 y lower 3 z lower 4\n"
        "compute top all reduce/chunk cc max c_n\n"
        "compute at all property/chunk cc coord1 coord2 coord3\n"
        "fix v all ave/time 1 1 1 c_top c_at[*] mode vector file voxels.txt\n"
        "dump d all custom 1 at.dump id type x y z c_n\ndump_modify d format float %.17g\n"
    )
    lammps(script + "run 0\n", np=2)
    atoms, _, lo = dumped(tmp_path / "at.dump", ["Al"])
    hole = np.array([24.3, 7.5, 30]) * 4.05  # middle of the nine
    assert len(atoms) == 80_000 - 9
    voxels = read_global(tmp_path / "voxels.txt")
    winner = voxels[voxels[:, 0].argmax(), 1:]
    reach = np.array([1.5, 1.5, 2]) * 4.05 + 4.0  # neighbours of the hole lie up to 4 A further
    away = winner - hole - np.round((winner - hole) / atoms.cell.lengths()) * atoms.cell.lengths()
    assert (np.abs(away) <= reach).all()

    region, *others = regions(atoms, model)
    away = region.centre + lo - hole
    away -= np.round(away / atoms.cell.lengths()) * atoms.cell.lengths()
    assert np.linalg.norm(away) < 2.0
    assert 10 <= len(region) <= 60 and not region.spans.any() and (region.extent < 15).all()
    assert all(other.total < 0.3 * region.total for other in others)
    assert f"{len(region)} novel atoms around (" in region.sentence("angstrom")


def test_shape_of_memory(lammps, one):
    """One number per atom: memory_usage() is far below that of the descriptors."""
    done = lammps(CRYSTAL + f"compute n all dbar/atom/novelty {one[1]}\nrun 0\ninfo memory\n")
    assert "Mbytes" in done.output


def changed(path, folder, **keys):
    """A copy of a model with other values; a None leaves the key out."""
    root = json.loads(path.read_text())
    for key, value in keys.items():
        at, _, name = key.rpartition("__")
        part = root[at] if at else root
        part[name] = value
        if value is None:
            del part[name]
    (folder / "bad.json").write_text(json.dumps(root))


# id: (changes of the model, words after the file, words that the error must contain)
BAD = {
    "schema": ({"schema": "dbar-cv/1"}, "", ["schema", "dbar-cv/1", "dbar-novelty/1"]),
    "no models": ({"models": None}, "", ["models", "missing"]),
    "too few models": ({"models": []}, "", ["models", "1 types"]),
    "units": ({"lammps_units": "real"}, "", ["lammps_units", "real", "metal"]),
    "types": ({"descriptor__ntypes": 2, "models": [None, None]}, "", ["ntypes", "2", "1"]),
    "family": ({"descriptor__family": "bso5"}, "", ["bso5", "bso4"]),
    "words": ({"descriptor__words": {"twojmax": "x"}}, "", ["twojmax", "'x'"]),
    "another descriptor": (
        {"descriptor__words": {"twojmax": "6"}}, "", ["mean", "14 numbers", "30"],
    ),
    "wrong rows": (
        {"models": [{"mean": [0.0] * 14, "matrix": [[1.0]]}]}, "", ["matrix", "14 numbers"],
    ),
    "text for a number": (
        {"models": [{"mean": ["x"] * 14, "matrix": [[1.0] * 14]}]}, "", ["mean", "finite number"],
    ),
    "nothing known": ({"models": [None]}, "", ["256 atoms", "null"]),
    "unknown keyword": ({}, "averge s", ["averge", "average"]),
    "no fix": ({}, "average s", ["average", "fix s", "does not exist"]),
    "keyword without value": ({}, "average", ["average", "found nothing"]),
    "other fix": ({}, "average nve", ["nve", "averages positions"]),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD, ids=str)
def test_bad_input(lammps, tmp_path, one, case):
    changes, words, expected = BAD[case]
    changed(one[1], tmp_path, **changes)
    script = CRYSTAL + f"compute n all dbar/atom/novelty bad.json {words}\n"
    script += "compute m all reduce max c_n\nthermo_style custom step c_m\nrun 0\n"
    fails(lammps, script, expected)


@pytest.mark.parametrize(
    ("text", "expected"), [(None, ["bad.json", "cannot be read"]), ("{", ["bad.json", "JSON"])]
)
def test_bad_file(lammps, tmp_path, text, expected):
    if text:
        (tmp_path / "bad.json").write_text(text)
    fails(lammps, CRYSTAL + "compute n all dbar/atom/novelty bad.json\n", expected)


def fails(lammps, script, expected):
    done = lammps(script, np=2, ok=False, timeout=60)
    assert done.returncode != 0 and len(done.errors) == 1, done.output[-2000:]
    assert all(word in done.errors[0] for word in expected), done.errors
