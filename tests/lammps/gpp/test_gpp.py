"""`pair_style dbar/gpp` against the kernels in Python, finite differences, other ranks, and LAMMPS's own eam styles."""

import numpy as np
import pytest
from ase import Atoms

from blocks import read_dump
from packet_oracles import copper, tables, whole_list
from packet_runs import (
    BAR,
    BOLTZMANN,
    DUMP,
    HBAR,
    HEAD,
    MVV2E,
    PACKETS,
    SHAKE,
    THERMO,
    copper_file,
    fcc,
    show,
    shown,
)

TRICLINIC = (
    "lattice fcc 3.58\nregion b prism 0 3 0 2 0 2 0.4 -0.3 0.5\ncreate_box 2 b\ncreate_atoms 1 box\n"
    "set group all type/fraction 2 0.4 8123\n" + SHAKE
)
ALLOY = (
    "pair_style dbar/gpp 400 eam/alloy tol 1e-12\npair_coeff * * CuNi.eam.alloy Ni Cu\n"
    "compute gpp all pair dbar/gpp\n"
)
SUMS = (
    "compute e all pe/atom\ncompute w all stress/atom NULL\ncompute se all reduce sum c_e\n"
    "compute sw all reduce sum c_w[*]\n"
)
ALL = ("pe", "pxx", "pyy", "pzz", "pxy", "pxz", "pyz", "vol", *(f"c_gpp[{k}]" for k in range(1, 6)))
SUMMED = ("c_se", *(f"c_sw[{k}]" for k in range(1, 7)))


def state(folder, name):
    """Atoms, forces and variances of a dump, in the order of the places: IDs depend on the ranks that made them."""
    _, cell, rows = read_dump(folder / f"{name}.dump")[0]
    rows = rows[np.lexsort(np.round(rows[:, 1:4], 6).T)]
    atoms = Atoms(numbers=rows[:, 0].astype(int), positions=rows[:, 1:4], cell=cell, pbc=True)
    return atoms, rows[:, 4:7], rows[:, 7]


def off_by_numdiff():
    """Lines of a script after which F is the largest force and how far `fix numdiff` is off."""
    text = "fix n all numdiff 1 1e-4\n"
    text += "variable off atom sqrt((fx-f_n[1])^2+(fy-f_n[2])^2+(fz-f_n[3])^2)\n"
    text += "compute off all reduce max v_off\n" + THERMO.replace("fmax", "fmax c_off")
    return text + "run 0\n" + show("F", "fmax", "c_off")


def test_numbers_of_the_kernels_on_any_ranks(lammps, tmp_path):
    """Two elements in a small triclinic box: what Python finds for the means and variances that LAMMPS ends with.

    The same to 1e-12 on 1, 2 and 4 ranks and with newton off; pe/atom and stress/atom add up to the whole.
    """
    text = HEAD + "newton {newton}\n" + TRICLINIC + ALLOY + SUMS + THERMO
    text = text.replace("c_gpp[*]", "c_gpp[*] c_se c_sw[*]")
    text += "run 0\n" + show("ALL", *ALL) + show("SUM", *SUMMED) + DUMP
    rows, sums, forces, variances = [], [], [], []
    for np_, newton in ((1, "on"), (2, "on"), (4, "on"), (3, "off")):
        done = lammps(text.format("x", newton=newton), np=np_)
        rows.append(shown(done.output, "ALL")[0])
        sums.append(shown(done.output, "SUM")[0])
        atoms, f, s = state(tmp_path, "x")
        forces.append(f)
        variances.append(s)
    rows = np.array(rows)
    assert rows[0, 10] < 1e-12 and rows[0, 11] > 3  # the worst residual, and passes
    np.testing.assert_allclose(rows[:, [0, 8, 9, 12]], rows[[0] * 4][:, [0, 8, 9, 12]], rtol=1e-12)
    np.testing.assert_allclose(
        rows[:, 1:7], rows[[0] * 4, 1:7], rtol=0, atol=1e-11 * np.abs(rows[0, 1:7]).max()
    )
    np.testing.assert_allclose(forces, forces[:1] * 4, rtol=0, atol=1e-12 * 10)
    np.testing.assert_allclose(variances, variances[:1] * 4, rtol=1e-11)
    for row, total in zip(rows, sums, strict=True):
        assert total[0] == pytest.approx(row[0], rel=1e-12)
        np.testing.assert_allclose(
            -total[1:] / row[7], row[1:7], rtol=0, atol=1e-10 * np.abs(row[1:7]).max()
        )

    potential = tables("CuNi.eam.alloy", "Ni", "Cu")
    types = atoms.numbers - 1
    V, F, virial, by_s = potential.evaluate(types, *whole_list(potential, atoms), s)
    np.testing.assert_allclose(by_s, 1.5 * BOLTZMANN * 400.0 / s, rtol=1e-9)
    np.testing.assert_allclose(forces[0], F, rtol=0, atol=1e-9)
    kT, masses = BOLTZMANN * 400.0, MVV2E * np.array(potential.masses)[types]
    TS = 3.0 * kT * (1.0 + np.log(np.sqrt(masses * kT * s) / HBAR))
    row = rows[0]
    assert row[8] == pytest.approx(V.sum(), rel=1e-12)
    assert row[9] == pytest.approx(TS.sum(), rel=1e-7)
    assert row[0] == pytest.approx(V.sum() + 1.5 * len(s) * kT - TS.sum(), rel=1e-8)
    assert row[12] == pytest.approx(400.0)
    pressure = virial[[0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]] / atoms.cell.volume * BAR
    np.testing.assert_allclose(row[1:7], pressure, rtol=0, atol=1e-7 * np.abs(pressure).max())


def test_finite_differences(lammps, tmp_path):
    """Forces by `fix numdiff` to 1e-7 of the largest (asked: 1e-5), pressure by straining the box to 1e-6."""
    copper_file(tmp_path)
    text = HEAD + fcc(3.66, 2, "change_box all triclinic\n" + SHAKE)
    text += PACKETS.format(T=800, words="tol 1e-12") + THERMO + off_by_numdiff()
    text += "unfix n\nuncompute off\n" + THERMO + "run 0\n"
    text += show("P", "pxx", "pyy", "pzz", "pxy", "pxz", "pyz", "vol")
    axes = ("x", "y", "z", "xy", "xz", "yz")
    strain, length = 1e-4, 7.32
    for axis in axes:
        for by in (strain * length, -2 * strain * length, strain * length):
            ends = f"{-by / 2:.16g} {by / 2:.16g}" if len(axis) == 1 else f"{by:.16g}"
            text += f"change_box all {axis} delta {ends} remap units box\n"
            text += "run 0 post no\n" + show("E", "pe")
    output = lammps(text, np=2).output
    largest, off = shown(output, "F")[0]
    assert off < 1e-7 * largest
    row, energies = shown(output, "P")[0], shown(output, "E").reshape(6, 3)
    found = -(energies[:, 0] - energies[:, 1]) / (2 * strain) / row[6] * BAR
    np.testing.assert_allclose(found, row[:6], rtol=0, atol=1e-6 * np.abs(row[:6]).max())


EAM = {
    "alloy": ("eam/alloy", "CuNi.eam.alloy Cu Ni", 3.58),
    "fs": ("eam/fs", "AlFe_mm.eam.fs Fe Al", 3.9),
}


@pytest.mark.parametrize("case", EAM)
def test_nearly_no_temperature(lammps, tmp_path, case):
    """At 1e-8 K energies and forces are those of LAMMPS's own style: packets add kT, 1e-12 eV."""
    style, words, a = EAM[case]
    text = (
        HEAD + TRICLINIC.replace("3.58", str(a)) + f"pair_style {style}\npair_coeff * * {words}\n"
    )
    text += (
        "run 0\n" + show("E", "pe", "pxx", "pyz") + DUMP.replace(" d_variance", "").format("eam")
    )
    text += (
        f"pair_style dbar/gpp 1e-8 {style}\npair_coeff * * {words}\ncompute gpp all pair dbar/gpp\n"
        + THERMO
    )
    text += "run 0\n" + show("E", "c_gpp[1]", "pxx", "pyz") + DUMP.format("gpp")
    rows = shown(lammps(text, np=2).output, "E")
    assert rows[1, 0] == pytest.approx(rows[0, 0], rel=1e-12)
    np.testing.assert_allclose(rows[1, 1:], rows[0, 1:], rtol=0, atol=1e-9 * abs(rows[0, 1]))
    bare, packets = (read_dump(tmp_path / f"{name}.dump")[0][2] for name in ("eam", "gpp"))
    np.testing.assert_allclose(packets[:, 4:7], bare[:, 4:7], rtol=0, atol=1e-9)
    assert packets[:, 7].max() < 1e-9


def test_empty_ranks(lammps, tmp_path):
    """A cluster in a corner of an open box: three of four ranks own nothing, or the ranks have tiles of it."""
    copper_file(tmp_path)
    text = HEAD + "boundary f f f\nlattice fcc 3.63\nregion b block 0 30 0 4 0 4\ncreate_box 1 b\n"
    text += "region c block 0.2 3.2 0.2 3.2 0.2 3.2\ncreate_atoms 1 region c\n" + SHAKE
    pair = PACKETS.format(T=200, words="tol 1e-12") + THERMO
    end = "run 0\n" + show("E", "pe", "pxx", "c_gpp[4]")
    tiled = "comm_style tiled\nbalance 1.0 rcb\n"
    rows = []
    for np_, more in ((1, ""), (4, ""), (3, tiled)):
        rows.append(shown(lammps(text + pair + more + end, np=np_).output, "E")[0])
    np.testing.assert_allclose(rows[1:], rows[:1] * 2, rtol=1e-12)


def test_packets_held_by_their_width(lammps, tmp_path):
    """Two atoms where their potential bends down: plain passes go to and fro for ever, the style comes to rest."""
    copper_file(tmp_path)
    text = HEAD + "boundary f f f\nlattice fcc 3.63\nregion b block 0 20 0 9 0 9 units box\n"
    text += "create_box 1 b\ncreate_atoms 1 single 5 5 5 units box\n"
    text += "create_atoms 1 single 8.6 5 5 units box\n" + PACKETS.format(T=10, words="tol 1e-10")
    text += THERMO + "run 0\n" + show("E", "c_gpp[4]") + DUMP.format("two")
    assert shown(lammps(text).output, "E")[0, 0] < 60
    s = read_dump(tmp_path / "two.dump")[0][2][:, 7]
    vectors = [[3.6, 0.0, 0.0], [-3.6, 0.0, 0.0]]
    *_, by_s = copper().evaluate([0, 0], [0, 1], [1, 0], vectors, s)
    np.testing.assert_allclose(by_s, 1.5 * BOLTZMANN * 10 / s, rtol=1e-8)
    wider = copper().evaluate([0, 0], [0, 1], [1, 0], vectors, 1.01 * s)[3]
    assert np.all(wider > 1.01 * by_s)  # d<V>/ds grows so fast that passes alone would not contract


AFTER_RESTART = """clear
read_restart half
{pair}{thermo}{dump}fix m all nve
run 10
{end}unfix m
velocity all set 0 0 0
run 0
pair_style dbar/gpp 600 efs tol 1e-11
run 0
{hot}set group all d_variance 0
run 0
{hot}"""


def test_runs_and_restart(lammps, tmp_path):
    """Two runs are one, `clear` starts afresh, a restart file keeps variances.

    Another temperature needs no pair_coeff, and what comes out does not depend on the variances before.
    """
    copper_file(tmp_path)
    pair, end = PACKETS.format(T=300, words="tol 1e-11"), show("END", "pe", "ke")
    setup = HEAD + fcc(3.63, 2, SHAKE) + pair + THERMO + "fix m all nve\n"
    text = setup + "run 20\n" + end + "clear\n"
    text += setup + "run 10\nwrite_restart half\nrun 10\n" + end
    text += AFTER_RESTART.format(
        pair=pair,
        thermo=THERMO,
        end=end,
        hot=show("HOT", "c_gpp[5]", "pe"),
        dump=DUMP.format("read"),
    )
    output = lammps(text.replace("fx fy fz ", ""), np=2).output
    rows = shown(output, "END")
    np.testing.assert_allclose(rows[1:], rows[[0, 0]], rtol=1e-9)
    variances = read_dump(tmp_path / "read.dump")[10][2][:, 4]
    assert (variances > 0.002).all() and len(variances) == 32
    warm, cold = shown(output, "HOT")
    np.testing.assert_allclose(warm, cold, rtol=1e-11)
    assert warm[0] == pytest.approx(600.0)


def test_changes_between_runs(lammps, tmp_path):
    """Another smax, another table, more atoms and fewer: each time what a fresh start gives."""
    copper_file(tmp_path)
    setup = HEAD + fcc(3.63, 2, SHAKE)
    pair = PACKETS.format(T=500, words="tol 1e-12") + THERMO
    energy = "run 0\n" + show("E", "pe", "c_gpp[1]")
    text = setup + pair + energy + "pair_style dbar/gpp 500 efs tol 1e-12 smax 0.03\n" + energy
    text += "pair_style dbar/gpp 500 eam/alloy tol 1e-12\n"
    text += "pair_coeff * * Cu_mishin1.eam.alloy Cu\n" + energy
    text += "pair_coeff * * CuNi.eam.alloy Ni\n" + energy
    text += "region half block 1.4 9 INF INF INF INF\ndelete_atoms region half\n" + energy
    text += "create_atoms 1 single 1.5 0.05 0.52\n" + energy
    E = shown(lammps(text, np=2).output, "E")
    fresh = setup + pair.replace("500 efs", "500 eam/alloy").replace(
        "cu-efs.json Cu", "CuNi.eam.alloy Ni"
    )
    fresh += "region half block 1.4 9 INF INF INF INF\ndelete_atoms region half\n"
    fresh += "create_atoms 1 single 1.5 0.05 0.52\n" + energy
    np.testing.assert_allclose(E[1], E[0], rtol=1e-8)  # tables of other nodes
    np.testing.assert_allclose(E[5], shown(lammps(fresh, np=2).output, "E")[0], rtol=1e-11)
    assert len({round(e, 6) for e, _ in E}) == 5


def test_isentropic(lammps, tmp_path):
    """Copper of 300 K compressed by 1 % per axis; U is the objective, forces its derivatives.

    An isothermal evaluation between begins a new isentrope.
    """
    copper_file(tmp_path)
    values = show("U", "pe", "c_gpp[1]", "c_gpp[5]")
    kept = "pair_style dbar/gpp {} efs tol 1e-12 isentropic yes\nrun 0\n" + values
    text = HEAD + fcc(3.6309, 2) + PACKETS.format(T=300, words="tol 1e-12") + THERMO + "run 0\n"
    text += kept.format(300) + "change_box all x scale 0.99 y scale 0.99 z scale 0.99 remap\n"
    text += "run 0\n" + values + "pair_style dbar/gpp 500 efs tol 1e-12\nrun 0\n"
    text += kept.format(500) + SHAKE + off_by_numdiff()
    output = lammps(text, np=2).output
    rows = shown(output, "U")
    for U, V, T in rows:
        assert pytest.approx(V + 1.5 * 32 * BOLTZMANN * T, rel=1e-12) == U
    np.testing.assert_allclose(rows[[0, 2], 2], [300.0, 500.0], rtol=1e-9)
    assert rows[1, 2] == pytest.approx(319.6, abs=0.1)
    largest, off = shown(output, "F")[0]
    assert off < 1e-7 * largest


def test_bulk_by_box_relax(lammps, tmp_path):
    """`minimize` with `fix box/relax` finds the lattice constant of the kernels in Python."""
    copper_file(tmp_path)
    text = HEAD + fcc(3.62, 3) + PACKETS.format(T=800, words="tol 1e-9") + THERMO
    text += "fix b all box/relax iso 0.0 vmax 0.001\nminimize 0 1e-9 200 1000\n" + show(
        "A", "lx", "press", "c_gpp[1]"
    )
    length, pressure, V = shown(lammps(text, np=2).output, "A")[0]
    assert abs(pressure) < 0.5  # bar
    assert length / 3 == pytest.approx(3.66836, abs=1e-5)
    assert V / 108 == pytest.approx(-3.27889 - 1.5 * BOLTZMANN * 800, abs=1e-5)
    assert copper().reach < length  # more than one image is seen
