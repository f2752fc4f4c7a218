"""dbar.descriptors against sums over images, finite differences and symmetry."""

import itertools
import pickle

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from dbar import _kernels
from dbar.descriptors import Bispectrum


def disordered(seed=0, repeat=(2, 2, 2), pbc=True):
    atoms = bulk("Cu", "fcc", 3.7, cubic=True) * repeat
    rng = np.random.default_rng(seed)
    atoms.positions += rng.normal(0.0, 0.15, atoms.positions.shape)
    atoms.pbc = pbc
    return atoms


def by_images(atoms, cutoff):
    """Return type, first, r, rtype from a plain sum over images (one species)."""
    cell, pbc = atoms.cell.complete().array, atoms.pbc
    # Images up to the cutoff measured across the planes of the cell, and for atoms outside it.
    widths = 1.0 / np.linalg.norm(np.linalg.inv(cell), axis=0)
    reach = [int(np.ceil(cutoff / w)) + 2 if p else 0 for w, p in zip(widths, pbc, strict=True)]
    shifts = np.array(list(itertools.product(*(range(-n, n + 1) for n in reach)))) @ cell
    first, r = [0], []
    for i, x in enumerate(atoms.positions):
        d = atoms.positions[None, :, :] + shifts[:, None, :] - x
        length = np.linalg.norm(d, axis=2)
        keep = length < cutoff
        keep[:, i] &= np.any(shifts != 0.0, axis=1)
        r.append(d[keep])
        first.append(first[-1] + len(r[-1]))
    r = np.concatenate(r) if first[-1] else np.zeros((0, 3))
    return np.zeros(len(atoms), int), np.array(first), r, np.zeros(len(r), int)


CONFIGURATIONS = {
    "crystal": disordered(),
    "slab": disordered(1, pbc=(True, True, False)),
    "wire": disordered(2, pbc=(False, False, True)),
    "cluster": disordered(3, pbc=False),
    "one atom": bulk("Cu", "fcc", 3.7),
    "thin": Atoms("Cu2", [[0, 0, 0], [0.4, 9.0, 0.3]], cell=[2.2, 2.4, 2.3], pbc=[1, 0, 1]),
    "skew": Atoms("Cu", cell=[[2.5, 0, 0], [2.0, 2.5, 0], [-2.0, 1.5, 2.6]], pbc=True),
    "no cell": molecule("CH3CH2OH"),
    "isolated": Atoms("Cu"),
    "two alone": Atoms("Cu2", [[0, 0, 0], [50.0, 0, 0]], cell=[60, 10, 10], pbc=[0, 1, 1]),
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_neighbours_are_those_of_the_sum_over_images(name):
    atoms = CONFIGURATIONS[name]
    descriptor = Bispectrum(4.5, twojmax=4)
    kernel = _kernels.Kernel("bso4", 4.5, ["twojmax", "4"], 1)
    d, v = kernel.compute(*by_images(atoms, 4.5), True)
    D, V = descriptor.compute(atoms, virial=True)
    assert D.shape == (15,) and V.shape == (15, 3, 3)
    assert D[0] == len(atoms) and not V[0].any()
    np.testing.assert_allclose(D[1:], d, rtol=1e-11)
    scale = np.abs(v).max() + 1e-3
    np.testing.assert_allclose(V[1:, [0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]], v, atol=1e-11 * scale)


@pytest.mark.parametrize(
    "settings",
    [
        {"twojmax": 8},
        {"twojmax": 7, "diagonal": True, "bzero": True},
        {"twojmax": 5, "rmin0": 0.5, "rfac0": 0.9},
        {"species": ["Cu", "Ni"], "radius": [0.5, 0.45], "weight": [1.0, 1.3], "perspecies": True},
    ],
)
def test_virial_is_the_derivative_by_strain(settings):
    atoms = disordered(4)
    if "species" in settings:
        atoms.symbols[::3] = "Ni"
    descriptor = Bispectrum(4.3, **settings)
    _, V = descriptor.compute(atoms, virial=True)
    step = 2e-5
    for a, b in [(0, 0), (1, 1), (2, 2), (0, 1), (2, 0), (1, 2)]:
        sides = []
        for sign in (1, -1):
            strain = np.eye(3)
            strain[a, b] += sign * step
            moved = atoms.copy()
            moved.set_cell(atoms.cell.array @ strain.T, scale_atoms=True)
            sides.append(descriptor.compute(moved)[0])
        slope = (sides[0] - sides[1]) / (2 * step)
        assert np.abs(slope - V[:, a, b]).max() < 1e-6 * np.abs(V).max()


def test_gradient_is_the_derivative_by_neighbour():
    rng = np.random.default_rng(11)
    r = rng.normal(0.0, 2.0, (9, 3))
    kernel = _kernels.Kernel("bso4", 4.5, ["twojmax", "6", "weight", "1", "0.6"], 2)
    type_, first, rtype = [0, 1], [0, 5, 9], rng.integers(0, 2, 9)
    theta = rng.normal(size=kernel.size)
    gradient, energy = kernel.gradient(type_, first, r, rtype, theta)
    np.testing.assert_allclose(energy, kernel.per_atom(type_, first, r, rtype) @ theta, rtol=1e-12)
    step = 1e-5
    for p in range(9):
        for c in range(3):
            moved = np.repeat(r[None], 2, axis=0)
            moved[:, p, c] += [step, -step]
            up, down = (kernel.gradient(type_, first, m, rtype, theta)[1].sum() for m in moved)
            slope = (up - down) / (2 * step)
            assert abs(slope - gradient[p, c]) < 1e-6 * np.abs(gradient).max()


def test_virial_is_the_sum_of_gradients():
    atoms = disordered(5)
    near = by_images(atoms, 4.5)
    kernel = _kernels.Kernel("bso4", 4.5, ["twojmax", "6"], 1)
    _, V = kernel.compute(*near, True)
    for k in (0, 7, kernel.size - 1):
        gradient, _ = kernel.gradient(*near, np.eye(kernel.size)[k])
        virial = near[2].T @ gradient
        np.testing.assert_allclose(virial, virial.T, atol=1e-10 * np.abs(V).max())
        ours = virial[[0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]]
        np.testing.assert_allclose(ours, V[k], atol=1e-10 * np.abs(V).max())


def test_rotation():
    atoms = disordered(6)
    descriptor = Bispectrum(4.3)
    D, V = descriptor.compute(atoms, virial=True)
    turn, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))
    turn *= np.linalg.det(turn)
    atoms.set_cell(atoms.cell.array @ turn.T, scale_atoms=True)
    d, v = descriptor.compute(atoms, virial=True)
    np.testing.assert_allclose(d, D, rtol=1e-11)
    np.testing.assert_allclose(v, turn @ V @ turn.T, atol=1e-11 * np.abs(V).max())


def test_extensive_and_any_number_of_threads():
    atoms = disordered(7)
    descriptor = Bispectrum(4.3, twojmax=4)
    D, V = descriptor.compute(atoms, virial=True)
    large = atoms * (5, 4, 3)  # more than one chunk of centres
    d, v = descriptor.compute(large, virial=True, n_threads=1)
    np.testing.assert_allclose(d, 60 * D, rtol=1e-11)
    np.testing.assert_allclose(v, 60 * V, atol=60e-11 * np.abs(V).max())
    again = descriptor.compute(large, virial=True, n_threads=3)
    assert (again[0] == d).all() and (again[1] == v).all()


def test_several_configurations(capsys):
    frames = [disordered(seed) for seed in range(5)]
    descriptor = Bispectrum(4.3, twojmax=4)
    D, V = descriptor.compute(frames, virial=True, progress=True)
    assert D.shape == (5, 15) and V.shape == (5, 15, 3, 3)
    assert "100%" in capsys.readouterr().out
    for t, frame in enumerate(frames):
        d, v = descriptor.compute(frame, virial=True)
        assert (D[t] == d).all() and (V[t] == v).all()
    d, v = descriptor.compute(frames[:2], virial=True, n_threads=5)  # threads share each one
    assert (d == D[:2]).all() and (v == V[:2]).all()
    D, V = descriptor.compute(frames[:2])
    assert D.shape == (2, 15) and V is None
    assert descriptor.compute([])[0].shape == (0, 15)


@pytest.mark.parametrize("perspecies", [False, True])
def test_per_atom_adds_up(perspecies):
    atoms = disordered(8)
    atoms.symbols[[1, 4, 7, 20]] = "Ni"
    descriptor = Bispectrum(4.3, twojmax=4, species=["Ni", "Cu"], perspecies=perspecies)
    B = descriptor.per_atom(atoms)
    D, _ = descriptor.compute(atoms)
    assert B.shape == (len(atoms), descriptor.n_components) and len(descriptor.labels) == B.shape[1]
    np.testing.assert_allclose(B.sum(axis=0), D[1:], rtol=1e-12)
    if perspecies:
        nickel = np.array(atoms.get_chemical_symbols()) == "Ni"
        assert not B[nickel, 14:].any() and not B[~nickel, :14].any()
        only = Bispectrum(4.3, twojmax=4, species=["Ni", "Cu"]).per_atom(atoms)
        np.testing.assert_allclose(B[:, :14] + B[:, 14:], only, rtol=1e-12)


def test_isolated_atom_with_bzero_is_zero():
    D, _ = Bispectrum(4.0, bzero=True).compute(Atoms("Al"))
    np.testing.assert_allclose(D[1:], 0.0, atol=1e-13)
    D, _ = Bispectrum(4.0, twojmax=2).compute(Atoms("Al"))
    np.testing.assert_allclose(D, [1, 1, 2, 3, 3, 3], rtol=1e-14)


def test_no_atoms():
    D, V = Bispectrum(4.0).compute(Atoms(), virial=True)
    assert not D.any() and not V.any()
    assert Bispectrum(4.0).per_atom(Atoms()).shape == (0, 55)


@pytest.mark.parametrize("twojmax", range(9))
def test_number_of_components(twojmax):
    assert (
        Bispectrum(4.0, twojmax=twojmax).n_components == [1, 2, 5, 8, 14, 20, 30, 40, 55][twojmax]
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rcut": -1.0}, "Rcut: found -1, expected a positive length"),
        ({"rcut": "long"}, "Rcut: found 'long', expected a positive length"),
        ({"rcut": np.nan}, "Rcut: found nan"),
        ({"twojmax": 7.5}, "twojmax: found '7.5', expected an integer from 0 to 20"),
        ({"twojmax": -1}, "twojmax: found '-1', expected an integer from 0 to 20"),
        ({"rfac0": 0.0}, "rfac0: found 0, expected a number above 0 and up to 1"),
        ({"rfac0": 1.5}, "rfac0: found 1.5, expected a number above 0 and up to 1"),
        ({"rfac0": "one"}, "rfac0: found 'one', expected a number above 0"),
        ({"rmin0": -0.1}, "rmin0: found -0.1, expected a length of zero or more"),
        ({"rmin0": 5.0}, "rmin0: found 5, expected less than the smallest pair cutoff 4.7"),
        ({"switch": "maybe"}, "switch: found 'maybe', expected yes or no"),
        ({"bzero": 2}, "bzero: found '2', expected yes or no"),
        ({"diagonal": "j1"}, "diagonal: found 'j1', expected yes or no"),
        ({"radius": [0.5, 0.5]}, "radius: found 2, expected 1 number, one per species"),
        ({"radius": -0.5}, "radius: found -0.5, expected positive radii"),
        ({"weight": [1.0], "species": ["Al", "Ni"]}, "weight: found 1, expected 2 numbers"),
        ({"weight": "heavy"}, "weight: found 0 and then 'heavy', expected 1 number"),
        ({"weight": np.inf}, "weight: found 0 and then 'inf', expected 1 number"),
        ({"species": ["Al", "Al"]}, "species: found .*, expected different chemical symbols"),
    ],
)
def test_bad_settings(given, message):
    with pytest.raises(ValueError, match=message):
        Bispectrum(**{"rcut": 4.7, **given})


def test_bad_words():
    with pytest.raises(ValueError, match="family: found 'bso5', expected one of: bso4"):
        _kernels.Kernel("bso5", 4.7, [], 1)
    with pytest.raises(ValueError, match="found keyword 'twoj', expected one of: twojmax, rfac0"):
        _kernels.Kernel("bso4", 4.7, ["twoj", "8"], 1)
    with pytest.raises(ValueError, match="twojmax: found nothing after it, expected an integer"):
        _kernels.Kernel("bso4", 4.7, ["twojmax"], 1)


def test_bad_atoms():
    atoms = disordered(9)
    with pytest.raises(ValueError, match="found species 'Cu', expected one of: Al, Ni"):
        Bispectrum(4.0, species=["Al", "Ni"]).compute(atoms)
    atoms.positions[3, 1] = np.nan
    with pytest.raises(ValueError, match="of atom 3, expected numbers"):
        Bispectrum(4.0).compute(atoms)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"type": [0, 1]}, "type: found species 1, expected 0 to 0"),
        ({"rtype": [0, -1]}, "rtype: found species -1"),
        ({"first": [0, 1]}, "first: expected one entry more than type"),
        ({"first": [0, 5, 2]}, "first: expected ascending entries"),
        ({"first": [0, 1, 3]}, "first: expected to begin with 0 and to end with the number"),
        ({"r": np.zeros((2, 2))}, r"r: expected shape \(pairs, 3\)"),
        ({"rtype": [0]}, "rtype: expected one entry per r"),
    ],
)
def test_bad_neighbour_arrays(change, message):
    kernel = _kernels.Kernel("bso4", 4.7, [], 1)
    arrays = {"type": [0, 0], "first": [0, 1, 2], "r": np.ones((2, 3)), "rtype": [0, 0]}
    with pytest.raises(ValueError, match=message):
        kernel.compute(**{**arrays, **change})


def test_parameters_round_trip():
    descriptor = Bispectrum(4.7, twojmax=4, species=["Al", "Ni"], radius=[0.5, 0.4])
    assert type(descriptor)(**descriptor.get_params()).settings() == descriptor.settings()
    assert pickle.loads(pickle.dumps(descriptor)).settings() == descriptor.settings()
    assert repr(descriptor) == (
        "Bispectrum(rcut=4.7, twojmax=4, radius=[0.5, 0.4], species=['Al', 'Ni'])"
    )
    assert descriptor.set_params(twojmax=2).n_components == 5
    with pytest.raises(ValueError, match="colour: expected one of: rcut, twojmax"):
        descriptor.set_params(colour=1)
    assert descriptor.settings() == {
        "family": "bso4",
        "rcut": 4.7,
        "twojmax": 2,
        "rfac0": 0.99363,
        "rmin0": 0,
        "switch": True,
        "bzero": False,
        "diagonal": False,
        "radius": [0.5, 0.4],
        "weight": [1, 1],
        "species": ["Al", "Ni"],
        "perspecies": False,
    }
