"""Boxes that are open in some or all directions: what their snapshots say is what counts."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from dbar.targets import atom_structures, dislocations, rdf, structure_counts
from dbar.targets.open_box import shell_volumes
from dbar.trajectory import Snapshots

OPEN, SLAB = (False,) * 3, (True, True, False)
CELLS = {
    "cube": np.diag([10.0, 10.0, 10.0]),
    "long": np.diag([5.0, 8.0, 30.0]),
    "tilted": np.array([[9.0, 0.0, 0.0], [3.0, 8.0, 0.0], [-2.0, 2.5, 11.0]]),
}


def kept(atoms, periodic):
    return Snapshots(
        step=np.array([100]),
        time=np.array([0.2]),
        position=atoms.positions[None],
        id=np.arange(1, len(atoms) + 1)[None],
        species=np.ones((1, len(atoms)), int),
        edges=atoms.cell.array[None],
        origin=np.zeros((1, 3)),
        periodic=periodic,
    )


def crystal(size=4):
    """Atoms on both faces of the box, and no two closer than neighbours."""
    atoms = bulk("Al", cubic=True) * (size, size, size)
    x = atoms.positions.copy()
    atoms.set_cell((size - 0.45) * 4.05 * np.eye(3))
    atoms.positions[:] = x
    return atoms


def test_faces_of_an_open_box_are_not_neighbours():
    atoms = crystal()
    r, g = rdf(kept(atoms, OPEN), 6.0, 60)
    shortest = 4.05 / np.sqrt(2)
    assert not g[0][r < shortest - 0.1].any() and g[0][np.abs(r - shortest) < 0.1].max() > 5
    # with false images there would be
    assert rdf(kept(atoms, OPEN), 6.0, 60, periodic=(True,) * 3)[1][0][r < 1.0].any()
    assert np.array_equal(g, rdf(kept(atoms, (True,) * 3), 6.0, 60, periodic=OPEN)[1])


@pytest.mark.parametrize("periodic", [OPEN, SLAB, (False, True, True)])
@pytest.mark.parametrize("name", CELLS)
def test_ideal_gas_has_one_at_any_distance(name, periodic):
    cell, rng = CELLS[name], np.random.default_rng(4)
    n, frames = 400, 12
    systems = [Atoms(f"Ar{n}", rng.random((n, 3)) @ cell, cell=cell) for _ in range(frames)]
    g = np.mean([rdf(kept(a, periodic), 12.0, 12)[1][0] for a in systems], axis=0)
    np.testing.assert_allclose(g[2:], 1.0, atol=0.05)


@pytest.mark.parametrize("name", CELLS)
def test_part_of_a_shell_inside_is_that_of_random_points(name):
    cell, rng = CELLS[name], np.random.default_rng(7)
    edges = np.linspace(0.0, 9.0, 10)
    u = rng.random((400_000, 3)) - rng.random((400_000, 3))
    d = np.linalg.norm(u @ cell, axis=1)
    expected = np.histogram(d, edges)[0] / len(u) * np.linalg.det(cell)
    np.testing.assert_allclose(shell_volumes(edges, cell, OPEN)[1:], expected[1:], rtol=0.05)


def test_part_of_a_shell_inside_a_slab_by_its_formula():
    """1 - r/2L averaged over directions, as long as r < L; whole where all is periodic."""
    edges, L = np.linspace(0.0, 9.0, 10), 10.0
    found = shell_volumes(edges, CELLS["cube"], SLAB)
    exact = 4 * np.pi * np.diff(edges**3 / 3 - edges**4 / (8 * L))
    np.testing.assert_allclose(found, exact, rtol=1e-12)
    np.testing.assert_allclose(
        shell_volumes(edges, CELLS["tilted"], (True,) * 3), 4 / 3 * np.pi * np.diff(edges**3)
    )


def test_tilted_boxes_have_no_preferred_vectors():
    """Far from its faces any open box is whole: half of what a face takes is its area."""
    cell = CELLS["tilted"]
    edges = np.array([0.0, 1e-3])
    assert shell_volumes(edges, cell, OPEN)[0] == pytest.approx(4 / 3 * np.pi * 1e-9, rel=1e-3)
    # a slab depends on its height alone: 11 along z, whatever the tilt
    for a in (cell, np.diag([9.0, 8.0, 11.0])):
        found = shell_volumes(np.array([0.0, 6.0]), a, SLAB)[0]
        assert found == pytest.approx(4 * np.pi * (72 - 1296 / 88), rel=1e-6)


def test_a_particle_keeps_the_volume_it_is_given():
    atoms = crystal(2)
    _, g = rdf(kept(atoms, OPEN), 4.0, 8, volume=200.0)
    edges = np.linspace(0, 4.0, 9)
    d = atoms.get_all_distances()[np.triu_indices(len(atoms), 1)]
    shell = 4 / 3 * np.pi * np.diff(edges**3)
    want = 2 * np.histogram(d, edges)[0] * 200.0 / (len(atoms) ** 2 * shell)
    np.testing.assert_allclose(g[0], want)


@pytest.mark.parametrize("method", ["cna", "ptm"])
def test_structure_of_a_crystal_with_surfaces(method):
    atoms = bulk("Al", cubic=True) * (4, 4, 4)
    whole = structure_counts(kept(atoms, (True,) * 3), method)["fcc"][0]
    slab = structure_counts(kept(atoms, SLAB), method)["fcc"][0]
    cube = structure_counts(kept(atoms, OPEN), method)["fcc"][0]
    # a face 001 of 32 atoms in each of two layers lacks neighbours
    assert (whole, slab, cube) == (256, 256 - 64, int(np.sum(_deep(atoms))))
    names = atom_structures(kept(atoms, OPEN), method)[0]
    assert np.array_equal(names == "fcc", _deep(atoms))


def _deep(atoms):
    """Atoms with all twelve neighbours in the box."""
    return (atoms.get_all_distances() < 3.0).sum(axis=1) == 13


def test_dislocations_ask_the_snapshots(monkeypatch):
    from dbar.targets import structure

    seen, collect = [], structure._collection

    def watched(*args):
        seen.append(tuple(bool(p) for p in collect(*args).cell.pbc))
        return collect(*args)

    monkeypatch.setattr(structure, "_collection", watched)
    dislocations(kept(bulk("Al", cubic=True) * (4, 4, 4), SLAB))
    assert seen == [SLAB]


def test_what_cannot_be_said_is_refused():
    atoms = crystal(2)
    with pytest.raises(ValueError, match=r"r_max is 30\.0: the open box at step 100"):
        rdf(kept(atoms, OPEN), 30.0)
    with pytest.raises(ValueError, match=r"volume: found 0\.0, expected a positive number"):
        rdf(kept(atoms, OPEN), 5.0, volume=0.0)
    with pytest.raises(ValueError, match=r"periodic: found \(True, False\), expected three"):
        rdf(kept(atoms, OPEN), 5.0, periodic=(True, False))
    flat = kept(atoms, SLAB)
    flat.edges[0, 0] = 0.0
    for analyse in (lambda k: rdf(k, 5.0), structure_counts, dislocations):
        with pytest.raises(ValueError, match=r"cell vector a .* with pbc True"):
            analyse(flat)
