"""Databases of defects in iron: what is made, what is counted, what is kept apart, and going on."""

import json
import sys

import numpy as np
import pytest
from ase.build import bulk
from ase.geometry import find_mic
from scipy.spatial import cKDTree

from dbar.cli import main
from dbar.descriptors import AFS
from dbar.entropy import EntropyModel, ReferenceCalculator, iron_database, read_database
from dbar.entropy.database_file import Held
from dbar.entropy.defect_cells import cluster_of, inertia, perfect_cell, shaken, with_cluster
from dbar.entropy.wigner_seitz import find_defects

SEARCH = sys.modules["dbar.entropy.defect_search"]
WORDS = dict(number=6, random=1, sites=[128], strains=[0.0, 1.0], clusters=["V1", "I1"], seed=3)
A = 2.8553


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Single defects in two cells and a random one; a second vacancy in the first is no other one."""
    path = tmp_path_factory.mktemp("iron") / "small.h5"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SEARCH, "_TRIES", 3)
        assert iron_database(path, **WORDS) == 0
    return path


def counted(atoms, perfect):
    """Atoms at each site, by the nearest site."""
    edge = perfect.cell[0, 0]
    tree = cKDTree(np.mod(perfect.positions, edge) % edge, boxsize=edge)
    nearest = tree.query(np.mod(atoms.positions, edge) % edge)[1]
    return np.bincount(nearest, minlength=len(perfect))


def test_content(made):
    found = read_database(made)
    assert [len(atoms) for atoms, _ in found.bulk] == [128, 128]
    ratio = found.bulk[1][0].cell[0, 0] / found.bulk[0][0].cell[0, 0]
    assert ratio == pytest.approx(1.01, rel=1e-12)
    assert found.bulk[0][0].cell[0, 0] / 4 == pytest.approx(2.8553, abs=1e-4)
    labels = found.labels.tolist()
    assert labels[:4] == ["V1", "I1", "V1", "I1"] and labels[-1] == "random"
    assert found.strains[:4].tolist() == [0, 0, 1, 1] and set(found.sites) == {128}
    assert labels.count("V1") == 2  # the third would have been the first again
    assert found.parents[:-1].tolist() == [-1] * (len(found) - 1)
    parent = found.parents[-1]
    assert found.groups[-1] == found.groups[parent] == parent >= 0
    assert found.vacancies[-1] > found.vacancies[parent]
    assert found.temperature == 300.0 and set(found.zero_modes) == {3}


def test_defects_are_counted_right(made):
    """By the nearest site of each atom, without OVITO."""
    found = read_database(made)
    for k, (atoms, _) in enumerate(found):
        perfect = found.bulk[0 if found.strains[k] == 0 else 1][0]
        at_site = counted(atoms, perfect)
        assert np.sum(at_site == 0) == found.vacancies[k]
        assert np.sum(np.maximum(at_site - 1, 0)) == found.interstitials[k]
        wanted = {"V1": (1, 0), "I1": (0, 1)}.get(found.labels[k])
        if wanted:
            assert (found.vacancies[k], found.interstitials[k]) == wanted
        assert found.interstitials[k] - found.vacancies[k] == len(atoms) - 128


def test_entropies_are_references(made):
    """Of what was written; S_f of a vacancy without strain is that of 128 sites elsewhere."""
    found = read_database(made)
    words = ("eam/fs", f"* * {made.with_suffix('.eam.fs')} Fe", 300.0)
    with ReferenceCalculator(*words) as calculator:
        for k in (0, len(found) - 1):
            other = calculator(found[k][0])
            assert other.energy == pytest.approx(found.energies[k], abs=1e-9)
            assert other.log_det == pytest.approx(found.log_dets[k], abs=1e-6)
            assert other.entropy == pytest.approx(found.entropies[k], abs=1e-6)
        perfect = calculator(found.bulk[0][0])
    assert perfect.entropy == pytest.approx(found.bulk[0][1], abs=1e-6)
    gap = -0.5 * (found.log_dets[0] - 127 / 128 * perfect.log_det)
    assert gap == pytest.approx(2.232, abs=0.01)  # as tests of the smooth table find it


def test_a_model_learns_from_it(made):
    found = read_database(made)
    model = EntropyModel(AFS(3.5, nmax=2, lmax=1, species=["Fe"]))
    model.fit(found.atoms, found.entropies, found.bulk, found.temperature)
    assert np.isfinite(model.formation(found.atoms)).all()


def test_stopped_and_continued(made, tmp_path, monkeypatch):
    """Once among the clusters, once where a place was given up: byte for byte the same."""
    monkeypatch.setattr(SEARCH, "_TRIES", 3)
    path = tmp_path / "small.h5"

    class Stop(Exception):
        pass

    def until(most):
        def progress(done, total):
            assert total == 2 + 6 + 1
            if done == most:
                raise Stop

        return progress

    for most in (1, 4, 8):
        with pytest.raises(Stop):
            iron_database(path, **WORDS, progress=until(most))
        assert 0 < len(read_database(path).bulk) <= 2
    assert iron_database(path, **WORDS) == len(read_database(made)) - 1
    assert path.read_bytes() == made.read_bytes()
    assert path.with_suffix(".eam.fs").read_bytes() == made.with_suffix(".eam.fs").read_bytes()
    assert iron_database(path, **WORDS) == len(read_database(made))  # nothing is left to do


@pytest.mark.parametrize("label", ["V4", "I3", "I1", "V1"])
def test_clusters_before_relaxation(label):
    """As many atoms as they should have, changed near one place alone, never on top of each other."""
    kind, n = cluster_of(label)
    perfect = perfect_cell("Fe", A, 250)
    assert len(perfect) == 250 and np.allclose(perfect.cell.lengths(), 5 * A)
    rng, made = np.random.default_rng(0), 0
    for _ in range(20):
        atoms = with_cluster(perfect, A, label, 1.5, rng)
        if atoms is None:
            continue
        made += 1
        assert len(atoms) == 250 + (n if kind == "I" else -n)
        edge = 5 * A
        tree = cKDTree(np.mod(atoms.positions, edge) % edge, boxsize=edge)
        far = tree.query(perfect.positions % edge)[0] > 0.1
        sites = perfect.positions[far]
        assert far.sum() == n
        apart = np.linalg.norm(find_mic(sites - sites[0], perfect.cell)[0], axis=1)
        assert apart.max() < 2 * 1.5 * A
        assert tree.query(tree.data, k=2)[0][:, 1].min() >= 0.5 * A - 1e-9
    assert made > 5


def test_shaken_cells_move_some_atoms_only():
    """More of them the more often it was tried, and none on top of another."""
    perfect, moved_atoms = perfect_cell("Fe", A, 250), []
    for tries in (0, 20):
        for seed in range(12):
            moved = shaken(perfect, A, tries, np.random.default_rng(seed))
            steps = find_mic(moved.positions - perfect.positions, perfect.cell)[0]
            far = np.linalg.norm(steps, axis=1) > 1e-9
            moved_atoms.append(far.sum())
            assert np.linalg.norm(steps[far], axis=1).min(initial=9.0) > 0.79 * A
            edge = 5 * A
            tree = cKDTree(np.mod(moved.positions, edge) % edge, boxsize=edge)
            assert tree.query(tree.data, k=2)[0][:, 1].min() > 0.49 * A
    few, many = np.reshape(moved_atoms, (2, 12))
    assert few.max() <= 15 and np.all(many >= few) and many.mean() > few.mean() + 2


def test_moments_of_inertia():
    """A rod of two atoms, over the boundary: moments 0, d^2/2, d^2/2 whatever its direction."""
    cell = perfect_cell("Fe", A, 128)
    for way in ([0, 0, 2.0], [1.2, -0.9, 1.3]):
        atoms = cell[:2]
        atoms.positions[:] = [[0.1, 0.1, 0.1], np.add([0.1, 0.1, 0.1], way)]
        atoms.wrap()
        square = np.dot(way, way)
        assert inertia(atoms, np.array([0, 1])) == pytest.approx(2 * (square / 2) ** 2, rel=1e-12)
    assert inertia(cell, np.array([], dtype=int)) == 0.0


def test_counting_over_the_boundary():
    perfect = bulk("Fe", cubic=True, a=A) * (3, 3, 3)
    atoms = perfect.copy()
    atoms.positions += [-0.3, 0.2, 0.1]  # some leave the cell
    atoms.append("Fe")
    atoms.positions[-1] = atoms.positions[7] + [0.4, 0.2, 0.3]
    del atoms[20]
    found = find_defects(atoms, perfect)
    assert (found.vacancies, found.interstitials) == (1, 1) and found.empty.tolist() == [20]
    assert found.crowded.tolist() == [7, 53]


def test_file_of_nothing_yet(tmp_path):
    from dbar.entropy.database_file import DatabaseFile

    settings = {"species": "Fe", "labels": [], "temperature": None}
    with DatabaseFile(tmp_path / "a.h5", settings) as file:
        file.give_up(0)
    found = read_database(tmp_path / "a.h5")
    assert len(found) == 0 and list(found) == [] and found.bulk == [] and found.groups.shape == (0,)
    assert isinstance(file.held, Held) and file.held.given_up == [0]


def run(*words):
    return main(["entropy", "database", "fe", "-o", "new.h5", *map(str, words)])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--number", 0], "number: found 0, expected an integer from 1 on"),
        (["--number", 4, "--random", -1], "random: found -1, expected an integer from 0 on"),
        (["--number", 4, "--clusters", "V2"], "clusters: found V2 alone, expected two classes"),
        (["--number", 4, "--clusters", "V2", "X3"], "clusters: found 'X3', expected I or V"),
        (["--number", 4, "--clusters", "V2,I0"], "clusters: found 'I0', expected I or V"),
        (["--number", 4, "--clusters", "V2,V2"], "clusters: found ['V2', 'V2'], expected each"),
        (
            ["--number", 4, "--clusters", "V2,I99"],
            "clusters: found I99, expected at most 31 defects",
        ),
        (["--number", 4, "--clusters", ","], "clusters: found [], expected a list of one or more"),
        (["--number", 4, "--sites", 251], "sites: found 251, expected twice a cube: 128, 250"),
        (["--number", 4, "--sites", 54], "sites: found 54, a cell with an edge of 8.566"),
        (["--number", 4, "--strains", 40], "strains: found 40.0, expected per cent from -10 to 10"),
        (
            ["--number", 4, "--temperature", -5],
            "temperature: found -5.0, expected a number above 0",
        ),
        (["--number", 4, "--potential", "none.fs"], "none.fs"),
        (["--number", 4, "--potential", "notes.txt"], "notes.txt: line 4 and 5: found no numbers"),
        (["--number", 4, "--potential", "Cu_mishin1.eam.alloy"], "elements: found Cu, expected Fe"),
        (
            ["--number", 4, "--sites", 128, "--potential", "Fe_mm.eam.fs"],
            "potential: perfect cell of 128 sites at 0 %: second derivatives of the potential are",
        ),
        (
            ["--number", 4, "-o", "small.h5"],
            "small.h5: clusters: found V1 I1 in the file, expected",
        ),
        (["--number", 4, "-o", "notes.txt"], "notes.txt: is a file that dbar did not write"),
    ],
)
def test_refused(made, tmp_path, capsys, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("nothing\n" * 9)
    for path in (made, made.with_suffix(".eam.fs")):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    before = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
    assert run(*words, "--json") == 1
    out, err = capsys.readouterr()
    assert message in json.loads(out)["error"] and message in err
    after = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
    after.pop("new.eam.fs", None)  # a whole table that can be used
    assert after == before


def test_another_table_is_another_database(made, tmp_path, capsys, monkeypatch):
    """Of the same name: the digest tells."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.h5").write_bytes(made.read_bytes())
    table = made.with_suffix(".eam.fs").read_bytes()
    (tmp_path / "small.eam.fs").write_bytes(table + b"\n")
    words = ["--number", 6, "--random", 1, "--sites", 128, "--strains", 0, 1, "--seed", 3]
    words += ["--clusters", "V1,I1", "--potential", "small.eam.fs", "-o", "small.h5"]
    assert run(*words) == 1
    assert "small.h5: potential: found " in capsys.readouterr().err
    (tmp_path / "small.eam.fs").write_bytes(table)
    assert run(*words, "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["made"] == 0 and answer["labels"]["V1"] == 2
    assert answer["missing"] == 7 - len(read_database(made)) > 0
    assert run(*words) == 0
    assert f"{answer['missing']} fewer than asked for" in capsys.readouterr().out


def test_without_ovito(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "ovito.modifiers", None)
    assert run("--number", 2, "--sites", 128) == 1
    assert "pip install dbar[ovito]" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
