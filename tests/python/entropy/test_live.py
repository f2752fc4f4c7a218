"""What `compute dbar/entropy` asks of a model, as rank 0 puts it."""

import json
import re

import numpy as np
import pytest

from dbar.descriptors import AFS
from dbar.entropy import EntropyModel
from dbar.entropy.live import VALUES, LiveEntropy
from entropy_models import CLUSTERS, IRON, cluster_model, clusters, defects, iron_model, law


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Models of iron and of clusters, and their files."""
    folder = tmp_path_factory.mktemp("models")
    models = {"iron": iron_model(), "clusters": cluster_model()}
    for name, model in models.items():
        model.export(folder / name)
    return models, folder


def settings(model, path, **changes):
    descriptor = {**model.settings, "virial": False, "group": "all"}
    known = {"file": str(path), "descriptor": descriptor, "units": model.lammps_units}
    return known | {"temperature": None, "force": None} | changes


def asked(live, atoms, descriptor, force=0.0, minimizing=False, types=1):
    D = descriptor.compute(atoms)[0]
    counts = np.array([len(atoms), *[0] * (types - 1)])
    centred = atoms.positions - atoms.positions.mean(axis=0)
    spread = (centred.T @ centred).ravel()
    return live.evaluate(
        D, counts, atoms.cell.array.ravel(), np.array(atoms.pbc, int), spread, force, minimizing
    )


@pytest.mark.parametrize("temperature", [None, 500.0])
def test_a_crystal(files, temperature):
    """To the last bit what predict, formation, grade and free_energy say."""
    models, folder = files
    model = models["iron"]
    live = LiveEntropy(settings(model, folder / "iron", temperature=temperature))
    for atoms in [*defects(2, 3), *defects(1, 4, strain=0.01)]:
        S, std = model.predict(atoms, return_std=True, temperature=temperature)
        formation = model.formation(atoms, temperature=temperature)
        found = asked(live, atoms, IRON)
        F = model.free_energy(atoms, temperature=temperature)
        assert found[:5] == (S, std, model.grade(atoms), F, formation)
        # F_f = F_d - (N_d/n) F_n, with the bulk's F as the model has it
        cells = model.base_.atoms
        bulk = cells[0] if atoms.cell.volume < 1.001 * cells[0].cell.volume else cells[1]
        share = len(atoms) / len(bulk)
        expected = F - share * model.free_energy(bulk, temperature=temperature)
        assert found[5] == pytest.approx(expected, rel=1e-9)
    live.close()


def test_clusters(files):
    """Without a temperature there is no F, without bulk no formation."""
    models, folder = files
    live = LiveEntropy(settings(models["clusters"], folder / "clusters"))
    found = asked(live, clusters(1, 5, "Ar6")[0], CLUSTERS)
    assert len(found) == VALUES and np.isnan(found[3:]).all()
    (atoms,) = clusters(1, 5, "Ar6")
    mean, std = models["clusters"].predict(atoms, return_std=True)
    assert found[:3] == (mean, std, models["clusters"].grade(atoms))


def test_types_without_names(tmp_path):
    """One type is what all atoms learnt from were; if they were two, it is not known which."""
    frames = clusters(8, 0)
    model = EntropyModel(AFS(4.0, nmax=2, lmax=1), lammps_units="lj")
    model.fit(frames, np.arange(8.0)).export(tmp_path / "m.json")
    found = asked(LiveEntropy(settings(model, tmp_path / "m.json")), frames[3], model.descriptor)
    assert found[0] == model.predict(frames[3])
    content = json.loads((tmp_path / "m.json").read_text())
    content["compositions"][0]["formula"] = {"Ar": 4, "Kr": 3}
    (tmp_path / "m.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r"m.json: species: found null beside Ar Kr, expected the"):
        LiveEntropy(settings(model, tmp_path / "m.json"))


def test_several_types(tmp_path):
    """In the order of the species, whatever the alphabet says; a type without atoms is none."""
    both = AFS(4.0, nmax=2, lmax=1, species=["Kr", "Ar"])
    frames = clusters(10, 0, "Kr3Ar4") + clusters(9, 1, "Kr7")
    model = EntropyModel(both).fit(frames, law(both, frames))
    model.export(tmp_path / "m.json")
    live = LiveEntropy(settings(model, tmp_path / "m.json"))
    for atoms, counts in ((frames[0], (3, 4)), (frames[-1], (7, 0))):
        spread, cell = np.eye(3).ravel(), np.zeros(9)
        D = both.compute(atoms)[0]
        found = live.evaluate(D, np.array(counts), cell, np.zeros(3, int), spread, 0.0, False)
        assert found[0] == model.predict(atoms)


def test_positions_that_are_not_at_rest(files):
    models, folder = files
    model, (atoms,) = models["iron"], defects(1, 3)
    live = LiveEntropy(settings(model, folder / "iron"))
    assert asked(live, atoms, IRON, force=0.0099)[0] == model.predict(atoms)
    assert np.isnan(asked(live, atoms, IRON, force=0.0101, minimizing=True)).all()
    message = "force: found a component of 0.0101, expected at most 0.01: an entropy is one of"
    with pytest.raises(ValueError, match=message):
        asked(live, atoms, IRON, force=0.0101)
    for limit, force in ((0.5, 0.4), (0, np.inf)):
        some = LiveEntropy(settings(model, folder / "iron", force=limit))
        assert asked(some, atoms, IRON, force=force)[0] == model.predict(atoms)
    with pytest.raises(ValueError, match="descriptors: found nan, expected finite numbers"):
        live.evaluate(np.full(8, np.nan), [53], np.zeros(9), [1, 1, 1], np.zeros(9), 0.0, False)


@pytest.mark.parametrize(
    ("which", "changes", "message"),
    [
        ("iron", {"units": "real"}, "iron: lammps_units: found metal, expected real as this run"),
        ("clusters", {"temperature": 300.0}, "temperature: found null, expected a number, as the"),
        ("iron", {"file": "no.json"}, "no.json"),
        (
            "iron",
            {"descriptor": AFS(3.6, nmax=4, lmax=2)},
            "iron: descriptor: found nmax 3, expected 4 as the compute dbar",
        ),
        (
            "iron",
            {"descriptor": AFS(3.6, nmax=3, lmax=2, species=["Fe", "P"])},
            "iron: descriptor: found ntypes 1, expected 2 as the compute dbar",
        ),
    ],
)
def test_settings_that_do_not_fit(files, which, changes, message):
    models, folder = files
    known = settings(models[which], folder / which)
    known |= changes
    with pytest.raises((ValueError, OSError), match=re.escape(message)):
        LiveEntropy(known)


def test_an_empty_box(files):
    models, folder = files
    live = LiveEntropy(settings(models["clusters"], folder / "clusters"))
    D, none = np.zeros(1 + CLUSTERS.n_components), np.zeros(9)
    with pytest.raises(ValueError, match="composition: found no atoms, expected one that was"):
        live.evaluate(D, np.zeros(1, int), none, np.zeros(3, int), none, 0.0, False)
