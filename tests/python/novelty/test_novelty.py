"""`dbar.novelty`: scores of single atoms, the regions they form, the report's section."""

import ase
import ase.build
import numpy as np
import pytest
from sklearn.covariance import oas
from sklearn.metrics import roc_auc_score

from crystal import shaken
from dbar.descriptors import Bispectrum
from dbar.novelty import AtomNovelty, regions
from dbar.report import report
from dbar.report.where import find_where, frame_atoms
from dbar.targets import atom_structures
from dbar.trajectory import Snapshots, Trajectory, read, summarise, write


def test_score_is_the_distance_with_scikit_learns_shrunk_covariance():
    """All frames at once through scikit-learn; ours goes frame by frame and per species."""
    frames = [shaken(4, seed, ["Al", "Cu"]) for seed in range(3)]
    descriptor = Bispectrum(4.7, twojmax=2, species=["Al", "Cu"], weight=[1, 0.4])
    model = AtomNovelty(descriptor).fit(frames)
    other = shaken(4, 9, ["Al", "Cu"])
    for symbol in ("Al", "Cu"):
        B = np.concatenate([descriptor.per_atom(f)[f.symbols == symbol] for f in frames])
        spread = B.std(axis=0)
        cov, shrinkage = oas((B - B.mean(axis=0)) / spread, assume_centered=True)
        inverse = np.linalg.inv(cov * np.outer(spread, spread))
        mine = other.symbols == symbol
        ahead, learnt = (x - B.mean(axis=0) for x in (descriptor.per_atom(other)[mine], B))
        expected = np.einsum("ij,jk,ik->i", ahead, inverse, ahead)
        expected /= np.einsum("ij,jk,ik->i", learnt, inverse, learnt).mean()
        np.testing.assert_allclose(model.score(other)[mine], expected, rtol=1e-8)
        known = model.models_[descriptor.species.index(symbol)]
        assert known.count == len(B) and known.shrinkage == pytest.approx(shrinkage, rel=1e-9)
        at = np.concatenate([model.score(f)[f.symbols == symbol] for f in frames])
        assert at.mean() == pytest.approx(1.0, abs=1e-9)
        assert known.limit == pytest.approx(np.quantile(at, 0.999), rel=1e-9)


def test_file_keeps_every_bit(tmp_path):
    model = AtomNovelty(Bispectrum(4.7, twojmax=4)).fit(shaken(4, 0))
    model.export(tmp_path / "m.json", comment="aluminium")
    again = AtomNovelty.load(tmp_path / "m.json")
    other = shaken(4, 1)
    assert np.array_equal(again.score(other), model.score(other))
    assert np.array_equal(again.limits(other), model.limits(other))
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("{", "JSON"),
        ("[]", "dbar-novelty/1"),
        ('{"schema": "dbar-cv/1"}', "dbar-cv/1"),
        ('{"schema": "dbar-novelty/1"}', "descriptor"),
        ('{"schema": "dbar-novelty/1", "descriptor": {}, "lammps_units": "metal"}', "family"),
    ],
)
def test_bad_file(tmp_path, text, word):
    (tmp_path / "m.json").write_text(text)
    with pytest.raises(ValueError, match=word) as error:
        AtomNovelty.load(tmp_path / "m.json")
    assert "m.json" in str(error.value)


def test_bad_input():
    model = AtomNovelty(Bispectrum(4.7, twojmax=2, species=["Al", "Cu"]))
    with pytest.raises(ValueError, match="thermal motion"):
        model.fit(ase.build.bulk("Al", cubic=True) * (3, 3, 3))
    with pytest.raises(ValueError, match="found no atoms"):
        model.fit([])
    with pytest.raises(ValueError, match="1 atoms of Cu"):
        atoms = shaken(3, 0)
        atoms.symbols[0] = "Cu"
        model.fit(atoms)
    with pytest.raises(ValueError, match="Cu, of which the model knows nothing"):
        model.fit(shaken(3, 0)).score(atoms)
    with pytest.raises(ValueError, match="metall"):
        AtomNovelty(Bispectrum(4.7), lammps_units="metall")


def test_regions_know_the_periodic_box():
    """A cluster across the corner, a plane through the box, in a triclinic cell; centres are exact."""
    model = AtomNovelty(Bispectrum(4.7, twojmax=4)).fit([shaken(5, seed) for seed in range(2)])
    atoms = ase.build.bulk("Al", cubic=True) * (8, 8, 8)
    atoms.set_cell(atoms.cell[:] @ [[1, 0, 0], [0.1, 1, 0], [0, 0.05, 1]], scale_atoms=True)
    atoms.positions += np.random.default_rng(3).normal(0, 0.07, (len(atoms), 3))
    u = atoms.cell.scaled_positions(atoms.positions)
    u -= np.round(u)
    near_corner = np.linalg.norm(u @ atoms.cell[:], axis=1) < 3.5
    gone = atoms[~near_corner]
    region = regions(gone, model)[0]
    centre = atoms.cell.scaled_positions(region.centre[None])[0]
    assert np.linalg.norm((centre - np.round(centre)) @ atoms.cell[:]) < 1.5
    assert not region.spans.any() and (region.extent < 16).all()
    v = atoms.cell.scaled_positions(atoms.positions)[:, 2] % 1.0
    slab = atoms[~((v > 0.45) & (v < 0.50))]
    region = regions(slab, model)[0]
    assert region.spans.tolist() == [True, True, False]
    assert "through the whole box along a and b" in region.sentence()
    assert atoms.cell.scaled_positions(region.centre[None])[0, 2] == pytest.approx(0.475, abs=0.05)
    assert regions(shaken(5, 7), model)[1:] == [] or len(regions(shaken(5, 7), model)[0]) < 10


@pytest.mark.filterwarnings("error")
def test_a_frame_without_atoms_has_no_regions_and_teaches_nothing():
    atoms = shaken(3, 1)
    model = AtomNovelty(Bispectrum(4.7, twojmax=2, species=["Al"]))
    one = model.fit(atoms).score(atoms)
    none = atoms[:0]
    assert np.array_equal(model.fit([none, atoms, none]).score(atoms), one)
    assert len(model.score(none)) == 0 and regions(none, model) == []


def tension(shared_data):
    return sorted((shared_data / "al-tension").glob("*.npz"))


def kept(path, which):
    """Averaged positions of the npz as kept snapshots."""
    with np.load(path) as z:
        box = z["thermo"][::10, 11:14][which]
        x = z["X"][which].astype(float)
        time = z["thermo"][::10, 0][which] * 0.002
    n = x.shape[1]
    ones = np.ones((len(x), n), int)
    edges = box[:, None, :] * np.eye(3)
    step = np.round(time / 0.002).astype(int)
    return Snapshots(step, time, x, ones * np.arange(1, n + 1), ones, edges, 0 * box)


@pytest.mark.shared
def test_stacking_faults_and_defects_stand_out(shared_data):
    """Learnt from strains up to 3 % of eight replicas, applied to others after yield (above 10 %).

    All atoms that CNA (3.45 A) does not call fcc against those that it does. AUC pooled over the
    snapshots, and of each.
    """
    files = tension(shared_data)
    model = AtomNovelty(Bispectrum(4.7))
    model.fit(
        frame_atoms(snaps, k)
        for snaps in (kept(f, [0, 1, 2, 3]) for f in files[:8])
        for k in range(4)
    )
    labels, scores = [], []
    for path in files[8:12]:
        snaps = kept(path, [10, 12, 14])
        found = atom_structures(snaps, "cna", cutoff=3.45)
        for k in range(len(snaps)):
            labels.append(found[k] != "fcc")
            scores.append(model.score(frame_atoms(snaps, k)))
    each = [roc_auc_score(y, m) for y, m in zip(labels, scores, strict=True) if y.any()]
    pooled = roc_auc_score(np.concatenate(labels), np.concatenate(scores))
    print(f"AUC {pooled:.4f} pooled, {min(each):.4f} to {max(each):.4f} a snapshot")
    assert pooled > 0.98
    assert min(each) > 0.95


@pytest.fixture(scope="module")
def alarmed(tmp_path_factory):
    """A run of ten kept snapshots: a cluster of vacancies opens when the alarm goes up."""
    frames = [shaken(8, seed) for seed in range(10)]
    hole = np.array([12.15, 4.05, 20.25])
    for atoms in frames[7:]:
        atoms.positions += 3.0  # the box's corner is not at the origin
        away = np.linalg.norm(atoms.positions - 3.0 - hole, axis=1)
        pushed = away < 4.2
        atoms.positions[pushed] += 0.35 * (atoms.positions[pushed] - 3.0 - hole)
    n = len(frames[0])
    x = np.array([atoms.positions for atoms in frames])
    origin = np.zeros((10, 3))
    origin[7:] = 3.0
    descriptor = Bispectrum(4.7, twojmax=4)
    D, _ = descriptor.compute(frames)
    ones = np.ones((10, n), int)
    edges = np.repeat(frames[0].cell[:][None], 10, axis=0)
    time = np.arange(10.0)
    snaps = Snapshots(np.arange(10), time, x, ones * np.arange(1, n + 1), ones, edges, origin)
    state = np.array([0, 0, 1, 1, 1, 1, 1, 3, 3, 3])
    monitor = {name: np.ones(10) for name in ("M", "bound", "innovation", "tau_pred")}
    traj = Trajectory(
        D, time=time, monitor={**monitor, "state": state, "refits": np.ones(10, int)},
        snapshots=snaps,
        parameters={"units": "metal", "descriptor": descriptor.command_settings()},
    )  # fmt: skip
    path = tmp_path_factory.mktemp("alarm") / "run.h5md"
    write(path, traj)
    return path, hole


def test_report_names_the_region(alarmed, tmp_path):
    path, hole = alarmed
    traj = read(path)
    assert traj.snapshots.periodic.tolist() == [[True, True, True]] * 10
    found = find_where(traj, summarise(traj))
    assert found.index == 7 and found.frames == 7
    assert np.linalg.norm(found.regions[0].centre - hole - 3.0) < 1.0
    text = report(path, tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Where did it happen?" in text and "Where the box is novel" in text
    assert found.regions[0].sentence("angstrom") in text


def test_report_without_positions_or_alarm_has_no_such_section(alarmed, tmp_path):
    traj = read(alarmed[0])
    summary = summarise(traj)
    traj.parameters["descriptor"] = {"family": "unknown"}
    assert find_where(traj, summary) is None
    traj = read(alarmed[0])
    traj.monitor["state"][:] = 1
    assert find_where(traj, summarise(traj)) is None
    traj = read(alarmed[0])
    traj.snapshots = None
    assert find_where(traj, summary) is None
