"""`pair_style dbar` against its own energy: finite differences, conservation, repeated runs, restarts, partitions."""

import re

import numpy as np
import pytest

from dbar.potential import LinearPotential
from snap_models import CASES, START

NEWTON = "newton off\n"  # where pair_style snap is no peer
BAR = 1.6021765e6  # eV per cubic angstrom, as LAMMPS's units metal have it


@pytest.fixture
def alloy(tmp_path):
    """W and Be in a triclinic box; the model, with fewer components, lies in the folder of the test."""
    model = LinearPotential.from_snap("WBe_Wood_PRB2019.snapcoeff", "WBe_Wood_PRB2019.snapparam")
    small = model.descriptor.set_params(twojmax=4)
    count = 1 + small.n_components // 2
    coefficients = {e: c[:count] for e, c in model.coefficients.items()}
    LinearPotential(coefficients, small).export(tmp_path / "model.json")
    return CASES["WBe"]


def numbers(output, word):
    """Numbers printed behind a word, one row per line."""
    lines = re.findall(rf"^{word} (.*)$", output, re.M)
    return np.array([[float(w) for w in line.split()] for line in lines])


PLACES = np.array([-2, -1, 1, 2])


def slope(energies, step):
    """Fourth-order central difference from the energies at PLACES (last axis)."""
    return energies @ np.array([1.0, -8.0, 8.0, -1.0]) / (12.0 * step)


def change_box(cell):
    """Command that strains the box, its corner at zero, to these vectors (columns)."""
    words = [f"{axis} final 0 {cell[k, k]:.16g}" for k, axis in enumerate("xyz")]
    words += [
        f"{n} final {cell[n0, n1]:.16g}" for n, n0, n1 in (("xy", 0, 1), ("xz", 0, 2), ("yz", 1, 2))
    ]
    return f"change_box all {' '.join(words)} remap units box\n"


def test_finite_differences(lammps, alloy):
    """Forces on two atoms and all components of the pressure, to 1e-6 of the largest.

    With these steps rounding (1e-13 of the energy) and the formula leave less than 1e-7.
    """
    step, strain = 2e-3, 2e-4
    exact = [f"$(c_f{g}[{c}]:%.15g)" for g in ("one", "two") for c in (1, 2, 3)]
    exact += [f"$({p}:%.15g)" for p in ("pxx", "pyy", "pzz", "pxy", "pxz", "pyz")]
    text = START + NEWTON + alloy.box() + alloy.pair("dbar") + "group one id 7\ngroup two id 40\n"
    text += "compute fone one reduce sum fx fy fz\ncompute ftwo two reduce sum fx fy fz\n"
    text += "thermo_style custom step pe pxx pyy pzz pxy pxz pyz c_fone[*] c_ftwo[*] vol\nrun 0\n"
    text += f"print 'EXACT {' '.join(exact)}'\nprint 'BOX $(lx) $(ly) $(lz) $(vol:%.15g)'\n"
    evaluate = "run 0 post no\nprint 'E $(pe:%.16g)'\n"
    for group in ("one", "two"):
        for axis in range(3):
            at = 0
            for place in (*PLACES, 0):
                move = np.zeros(3)
                move[axis], at = (place - at) * step, place
                text += (
                    f"displace_atoms {group} move {move[0]:g} {move[1]:g} {move[2]:g} units box\n"
                )
                text += evaluate if place else ""
    cell = 3.2 * np.array(
        [[4.0, 0.7, -0.4], [0.0, 3.0, 0.9], [0.0, 0.0, 3.0]]
    )  # vectors as columns
    for a, b in ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)):
        for place in (*PLACES, 0):
            change = np.eye(3)
            change[a, b] += place * strain  # LAMMPS keeps the cell upper triangular
            text += change_box(change @ cell) + (evaluate if place else "")
    output = lammps(text, np=2).output
    exact, box = numbers(output, "EXACT")[0], numbers(output, "BOX")[0]
    np.testing.assert_allclose(box[:3], np.diag(cell))
    energies = numbers(output, "E").reshape(12, 4)
    forces = -slope(energies[:6], step)
    np.testing.assert_allclose(forces, exact[:6], atol=1e-6 * np.abs(exact[:6]).max())
    pressure = -slope(energies[6:], strain) / box[3] * BAR
    np.testing.assert_allclose(pressure, exact[6:], atol=1e-6 * np.abs(exact[6:]).max())


TANTALUM = "lattice bcc 3.3\nregion b block 0 3 0 3 0 3\ncreate_box 1 b\ncreate_atoms 1 box\nmass 1 180.95\n"


def test_energy_is_conserved(lammps, tmp_path):
    """At 1000 K the total energy scatters with the square of the timestep, and that is all."""
    CASES["Ta"].export(tmp_path)
    scatter = []
    for dt in (0.002, 0.004):
        text = START + NEWTON + TANTALUM + CASES["Ta"].pair("dbar", overlay=True)
        text += f"velocity all create 2000 7\nfix m all nve\ntimestep {dt}\nrun {int(0.1 / dt)}\n"
        text += "variable x equal etotal\nvariable t format x %.15g\nfix p all print 1 'E ${t}'\n"
        output = lammps(text + f"run {int(0.4 / dt)}\n").output
        scatter.append(numbers(output, "E").std())
    assert scatter[0] / 54 < 1e-4  # eV per atom
    assert 3.0 < scatter[1] / scatter[0] < 5.0


RESPA = """newton {newton}
{box}{pair}velocity all create 600 7
fix m all nve
timestep 0.001
thermo_style custom step pe ke fmax
{respa}run 4
print 'R $(pe:%.15g) $(ke:%.15g) $(fmax:%.15g)'
"""


@pytest.mark.parametrize("newton", ["on", "off", "off on", "on off"])
def test_respa(lammps, tmp_path, newton):
    """On the outer level with one step within: the trajectory of verlet, whatever newton says."""
    CASES["Ta"].export(tmp_path)
    words = {"newton": newton, "box": TANTALUM, "pair": CASES["Ta"].pair("dbar", overlay=True)}
    ends = []
    for respa in ("", "run_style respa 2 1 pair 2\n"):
        script = START + RESPA.format(respa=respa, **words)
        ends.append(numbers(lammps(script, np=2).output, "R")[0])
    np.testing.assert_allclose(ends[1], ends[0], rtol=1e-9)


def test_runs_clear_and_restart(lammps, tmp_path):
    """Two runs are one; `clear` starts afresh; a restart file wants pair_style and pair_coeff once more."""
    CASES["Ta"].export(tmp_path)
    pair = CASES["Ta"].pair("dbar", overlay=True)
    setup = START + TANTALUM + pair + "velocity all create 600 7\nfix m all nve\nthermo 10\n"
    end = "print 'END $(pe:%.15g) $(temp:%.15g)'\n"
    text = (
        setup + "run 20\n" + end + "clear\n" + setup + "run 10\nwrite_restart half\nrun 10\n" + end
    )
    text += "clear\nread_restart half\n" + pair + "fix m all nve\nrun 10\n" + end
    rows = numbers(lammps(text, np=2).output, "END")
    assert len(rows) == 3
    np.testing.assert_allclose(rows[1:], rows[[0, 0]], rtol=1e-9)
    done = lammps("read_restart half\nrun 0\n", np=2, ok=False)
    assert done.returncode and "pair" in done.errors[0].lower()


def test_partitions(lammps, tmp_path):
    """Each partition has a model of its own."""
    model = CASES["Ta"].export(tmp_path)
    for k in (1, 2):
        coefficients = {"Ta": k * model.coefficients["Ta"]}
        LinearPotential(coefficients, model.descriptor).export(tmp_path / f"model{k}.json")
    text = "variable k world 1 2\n" + START + TANTALUM + "pair_style dbar\n"
    text += "pair_coeff * * model${k}.json Ta\nrun 0\n"
    text += 'print "E $(pe:%.15g)" file energy${k}\n'
    lammps(text, np=3, args=("-partition", "1", "2"))
    one, two = (numbers((tmp_path / f"energy{k}").read_text(), "E")[0, 0] for k in (1, 2))
    assert two == pytest.approx(2 * one, rel=1e-12)


def test_empty_ranks(lammps, tmp_path):
    """A cluster in a corner of an open box: three of four ranks own nothing."""
    CASES["Ta"].export(tmp_path)
    text = "units metal\nboundary f f f\nnewton off\nlattice bcc 3.3\nregion b block 0 20 0 3 0 3\n"
    text += "create_box 1 b\nregion c block 0 2 0 3 0 3\ncreate_atoms 1 region c\nmass 1 180.95\n"
    text += CASES["Ta"].pair("dbar") + "run 0\nprint 'E $(pe:%.15g)'\n"
    energies = [numbers(lammps(text, np=n).output, "E")[0, 0] for n in (1, 4)]
    assert energies[0] == pytest.approx(energies[1], rel=1e-12)
