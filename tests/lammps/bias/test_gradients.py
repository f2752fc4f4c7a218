"""Forces and virial of collective variables against finite differences; their symmetries; any rank count."""

import numpy as np
import pytest

from blocks import METAL, read_dump, system
from plumed_cases import compute, cv, forms, printed, sums, value, write

# With this unit and a bias B = s the force is -ds/dx to the last digit.
BIAS = "UNITS ENERGY=eV\ns: EXTRACV NAME={name}\nb: BIASVALUE ARG=s\n"
STEP = 2e-4  # the fourth-order rule leaves an error of its 4th power
RULE = ((-2, 1 / 12), (-1, -8 / 12), (1, 8 / 12), (2, -1 / 12))
ATOMS = (1, 40)
STRAINS = ("x", "y", "z", "xy", "xz", "yz")
RUN = "run 0 post no\n"
PRESSURE = (
    "compute p all pressure NULL fix\nthermo_style custom step c_p[1]\nthermo_modify norm no\n"
)
SHOW = 'print "{word} $(f_b[1]:%.17g)"\n'


L, TILT = (
    3 * 4.05,
    {"xy": 0.7 * 4.05, "xz": -0.4 * 4.05, "yz": 0.9 * 4.05},
)  # the prism of blocks.system


def strained(axis, e):
    """Tilts of the prism after x_a += e x_b for axis ab (or aa, written a)."""
    tilt = dict(TILT)
    if axis == "x":
        tilt |= {"xy": (1 + e) * TILT["xy"], "xz": (1 + e) * TILT["xz"]}
    elif axis == "y":
        tilt |= {"yz": (1 + e) * TILT["yz"]}
    elif len(axis) == 2:
        tilt[axis] += e * L
    if axis == "xy":
        tilt["xz"] += e * TILT["yz"]
    return tilt


def differences():
    """Script: displace atoms and strain the box, printing the CV at each point of the rule."""
    text = ""
    for atom in ATOMS:
        for axis in range(3):
            at = 0.0
            for k, _ in (*RULE, (0, 0)):
                move = [0.0] * 3
                move[axis] = k * STEP - at
                text += (
                    f"displace_atoms a{atom} move {move[0]!r} {move[1]!r} {move[2]!r} units box\n"
                )
                text += (RUN + SHOW.format(word="MOVED")) if k else ""
                at = k * STEP
    for axis in STRAINS:
        at = 0.0
        for k, _ in (*RULE, (0, 0)):
            words = "".join(f" {t} final {v!r}" for t, v in strained(axis, k * STEP).items())
            if len(axis) == 1:
                words += f" {axis} scale {(1 + k * STEP) / (1 + at)!r}"
            text += f"change_box all{words} remap units box\n"
            text += (RUN + SHOW.format(word="STRAINED")) if k else ""
            at = k * STEP
    return text


CASES = {
    "two species, triclinic": dict(species=2, perspecies="yes", newton="on"),
    "a group, newton off": dict(species=1, perspecies="no", newton="off", group="some"),
}


@pytest.mark.parametrize("case", CASES)
def test_forces_and_virial_are_the_derivatives(lammps, tmp_path, case):
    options = dict(CASES[case])
    newton = options.pop("newton")
    group = options.get("group", "all")
    extra = "group some id <= 70\n"
    D = sums(lammps, "triclinic", extra=extra, **options)
    keys = dict(ntypes=2, perspecies=options["perspecies"] == "yes")
    cvs = forms(D, **keys)
    write(tmp_path, *cvs)
    script = f"newton {newton}\n" + system("triclinic", species=options["species"]) + extra
    script += compute(group, options["perspecies"]) + PRESSURE
    script += "".join(f"group a{atom} id {atom}\n" for atom in ATOMS)
    for one in cvs:
        (tmp_path / f"{one['name']}.dat").write_text(BIAS.format(name=one["name"]))
        name = one["name"]
        script += f"fix b all dbar/plumed d {name}.dat cv {name}.json\n{RUN}"
        script += SHOW.format(word="VALUE")
        script += 'print "BIAS $(f_b:%.17g) $(f_b[2]:%.17g)"\n'
        script += f"write_dump all custom {name}.dump id fx fy fz modify format float %.17g\n"
        pressures = " ".join(f"$(c_p[{k + 1}]*vol/1.602176634e6:%.17g)" for k in range(6))
        script += f'print "VIRIAL {pressures}"\n'
        script += differences() + "unfix b\n"
    done = lammps(script)
    values = printed(done, "VALUE")[:, 0]
    assert values == pytest.approx([value(one, D) for one in cvs], rel=1e-10)
    bias = printed(done, "BIAS")
    assert bias[:, 0] == pytest.approx(values, rel=1e-12)
    assert bias[:, 1] == pytest.approx(1.0, rel=1e-12)

    weights = np.array([w for _, w in RULE]) / STEP
    moved = printed(done, "MOVED").reshape(len(cvs), len(ATOMS), 3, 4) @ weights
    strain = printed(done, "STRAINED").reshape(len(cvs), 6, 4) @ weights
    virial = printed(done, "VIRIAL")
    for k, one in enumerate(cvs):
        force = read_dump(tmp_path / f"{one['name']}.dump")[0][2]
        found = force[np.array(ATOMS) - 1]
        assert np.abs(moved[k]).max() > 0.01 * np.abs(force).max() > 0
        np.testing.assert_allclose(-found, moved[k], rtol=0, atol=1e-6 * np.abs(force).max())
        np.testing.assert_allclose(
            -virial[k], strain[k], rtol=0, atol=1e-6 * np.abs(strain[k]).max()
        )


def all_at_once(tmp_path, D):
    """A bias on every form at a time."""
    cvs = forms(D, ntypes=2)
    names = [one["name"] for one in cvs]
    text = "".join(f"{n}: EXTRACV NAME={n}\n" for n in names)
    text += f"b: RESTRAINT ARG={','.join(names)} AT=0,0,0,0,0 KAPPA=100,200,300,40,5000\n"
    (tmp_path / "all.dat").write_text(text)
    return write(tmp_path, *cvs)


def test_any_ranks_and_newton_give_the_same(lammps, tmp_path):
    words = all_at_once(tmp_path, sums(lammps, "triclinic", species=2))
    # atom IDs would depend on the number of ranks
    lammps(system("triclinic", species=2) + "write_data system.data nocoeff\n")
    script = METAL + "pair_style zero 8.0\nread_data system.data\npair_coeff * *\n"
    script += compute()
    script += PRESSURE + f"fix b all dbar/plumed d all.dat {words}\n" + RUN
    script += 'print "VIRIAL $(f_b:%.17g) $(c_p[1]:%.17g) $(c_p[4]:%.17g)"\n'
    script += "write_dump all custom f.dump id fx fy fz modify format float %.17g\n"
    results = []
    for ranks, newton in ((1, "on"), (2, "on"), (4, "on"), (1, "off"), (2, "off"), (4, "off")):
        done = lammps(f"newton {newton}\n{script}", np=ranks)
        results.append((read_dump(tmp_path / "f.dump")[0][2], printed(done, "VIRIAL")[0]))
    force, virial = results[0]
    assert np.abs(force).max() > 1e-3
    assert np.abs(force.sum(axis=0)).max() < 1e-10 * np.abs(force).max()
    for other, pressure in results[1:]:
        np.testing.assert_allclose(other, force, rtol=0, atol=1e-10 * np.abs(force).max())
        np.testing.assert_allclose(pressure, virial, rtol=1e-10)


def test_no_net_force_and_no_torque_on_a_cluster(lammps, tmp_path):
    """Also with two threads per rank, and a rank without atoms."""
    words = all_at_once(tmp_path, sums(lammps, "open", species=2))
    script = "processors 4 1 1\n" + system("open", species=2) + compute()
    script += f"fix b all dbar/plumed d all.dat {words}\n" + RUN
    script += "write_dump all custom f.dump id x y z fx fy fz modify format float %.17g\n"
    lammps(script, np=4, env={"OMP_NUM_THREADS": "2"})
    _, _, rows = read_dump(tmp_path / "f.dump")[0]
    x, f = rows[:, :3], rows[:, 3:]
    scale = np.abs(f).max()
    assert scale > 1e-3
    assert np.abs(f.sum(axis=0)).max() < 1e-10 * scale
    assert np.abs(np.cross(x - x.mean(axis=0), f).sum(axis=0)).max() < 1e-9 * scale


def test_norm_where_it_vanishes(lammps, tmp_path):
    """There it has no derivative; zero is taken, not NaN."""
    nothing = cv("nothing", [[0.0] * 15] * 2, ntypes=2, form="norm", shift=0.5)
    (tmp_path / "b.dat").write_text(BIAS.format(name="nothing"))
    script = (
        system("triclinic")
        + compute()
        + f"fix b all dbar/plumed d b.dat {write(tmp_path, nothing)}\n"
    )
    script += RUN + 'print "ZERO $(f_b[1]) $(f_b[2]) $(fmax)"\n'
    assert printed(lammps(script), "ZERO")[0].tolist() == [0.5, 1.0, 0.0]


@pytest.mark.parametrize(
    "units, first, energy",
    [
        ("metal", "", 96.48530749925792),
        ("metal", "UNITS ENERGY=kcal/mol\n", 96.48530749925792 / 4.184),
        ("real", "", 4.184),
        ("lj", "UNITS NATURAL\n", 1.0),
    ],
)
def test_a_spring_in_any_units(lammps, tmp_path, units, first, energy):
    """PLUMED gives forces in its own unit, the bias in ours: both must arrive in LAMMPS's."""
    D = sums(lammps, "triclinic")
    one = forms(D, ntypes=2, units=units)[2]
    (tmp_path / "spring.dat").write_text(
        first + f"s: EXTRACV NAME={one['name']}\nr: RESTRAINT ARG=s AT=0.5 KAPPA=3\n"
    )
    script = system("triclinic").replace("units metal", f"units {units}\nvariable n equal 1")
    # the same lengths: a lattice constant is a density in units lj
    script = script.replace(
        "lattice fcc 4.05", f"lattice fcc {4.05 if units != 'lj' else 4 / 4.05**3!r}"
    )
    script += (
        compute()
        + f"neighbor 2.0 bin\nfix b all dbar/plumed d spring.dat {write(tmp_path, one)} every 1\n"
    )
    script += RUN + 'print "SPRING $(f_b[1]:%.17g) $(f_b:%.17g) $(f_b[2]:%.17g)"\n'
    s, bias, slope = printed(lammps(script), "SPRING")[0]
    assert s == pytest.approx(value(one, D), rel=1e-8)
    assert bias == pytest.approx(1.5 * (s - 0.5) ** 2 / energy, rel=1e-10)
    assert slope == pytest.approx(3.0 * (s - 0.5) / energy, rel=1e-10)
