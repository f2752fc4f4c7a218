"""`fix dbar/ipi` against LAMMPS's own `fix ipi`, with the real i-PI: same dynamics, and extras that are right.

The two clients differ in when they look for neighbours, so in the order of sums: about 1e-15 of a force,
which 100 steps of argon at 60 K raise to less than 1e-11. Allowed: 1e-10 of the largest value.
"""

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.lj import LennardJones

from dbar.bias import CollectiveVariable
from dbar.descriptors import Bispectrum
from ipi_runs import (
    LENNARD_JONES,
    NPT,
    NVE,
    argon,
    as_atoms,
    client,
    client_script,
    extras,
    ffsocket,
    finish,
    free_port,
    i_pi,
    positions,
    properties,
    serve,
    socket_name,
    write_input,
    write_system,
)

DESCRIPTOR = Bispectrum(5.0, twojmax=4)
HARTREE = 27.21138386  # eV; the digits of LAMMPS's conversion agree to 1e-8


def variable(form, rows, **settings):
    """A variable of random coefficients (seed 5), of order 1 on displaced argon."""
    D, _ = DESCRIPTOR.compute(argon())
    matrix = np.random.default_rng(5).normal(size=(rows, len(D))) / np.abs(D)
    return CollectiveVariable(form, DESCRIPTOR, matrix, form=form, **settings)


def push(force=0.002):
    """A bias of another fix, whose energy and virial must reach i-PI; on an atom that crosses no boundary."""
    atoms = argon()
    one = 1 + np.linalg.norm(atoms.positions - [5.31, 2.655, 2.655], axis=1).argmin()
    return (
        f"group one id {one}\nfix push one addforce {force} {-force} {force}\n"
        "fix_modify push energy yes virial yes\n"
    )


def close(found, expected, tolerance=1e-10):
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= tolerance * np.abs(expected).max()


CASES = {
    # dynamics, steps, tilted box, ranks of fix ipi, ranks of fix dbar/ipi, socket of the latter
    "NVE, orthogonal box, Unix socket": (NVE, 100, False, 1, 2, "unix"),
    "NPT, triclinic box, internet socket": (NPT, 50, True, 2, 1, "inet"),
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_same_trajectory_as_fix_ipi(tmp_path, case):
    dynamics, steps, tilt, ranks, our_ranks, mode = CASES[case]
    results = []
    for style in ("ipi", "dbar/ipi d"):
        folder = tmp_path / style[:4].replace("/", "")
        folder.mkdir()
        write_system(folder, argon(tilt))
        ours = style.startswith("dbar")
        if ours and mode == "inet":
            port = free_port()
            fix, forcefield = f"{style} localhost {port}", ffsocket(port=port)
        else:
            name = socket_name()
            fix, forcefield = f"{style} {name} 1 unix", ffsocket(name)
        serve(
            folder, fix, our_ranks if ours else ranks, before=push(), forcefield=forcefield,
            dynamics=dynamics, steps=steps,
        )  # fmt: skip
        results.append((positions(folder), *properties(folder)))
    expected, found = results
    assert len(expected[0]) == steps + 1
    assert np.abs(expected[0][-1] - expected[0][0]).max() > 0.1  # Bohr: something has moved
    for a, b in zip(found, expected, strict=True):
        close(a, b)
    if dynamics is NPT:
        assert np.abs(found[-1][-1] - found[-1][0]).max() > 0.01  # Bohr: the cell as well


PPPM = (
    "units metal\natom_style charge\nread_data init.data\nset type 1 charge 0.5\nset type 2 charge -0.5\n"
    "pair_style lj/cut/coul/long 5.0\npair_coeff * * 0.005 2.6\nkspace_style pppm 1e-5\n"
)
OPEN = f"units metal\nboundary s f s\nread_data init.data\n{LENNARD_JONES}"


@pytest.mark.parametrize(
    "case", ["long-range solver, box that breathes", "cluster, open boundaries"]
)
def test_same_trajectory_in_other_boxes(tmp_path, case):
    if "cluster" in case:
        head, style, dynamics, atoms = OPEN, "atomic", NVE, argon()
        atoms.set_cell([40.0, 40.0, 40.0])
        atoms.translate([3.0, 3.0, 3.0])
    else:
        head, style = PPPM, "charge"
        dynamics = NPT.replace("flexible", "isotropic")
        atoms = bulk("NaCl", "rocksalt", a=5.7, cubic=True).repeat(2)
        atoms.rattle(0.1, seed=2)
    results = []
    for fix in ("ipi", "dbar/ipi d"):
        folder = tmp_path / fix[:4].replace("/", "")
        folder.mkdir()
        write_system(folder, atoms, style)
        name = socket_name()
        fix += f" {name} 1 unix"
        serve(folder, fix, 2, head=head, forcefield=ffsocket(name), dynamics=dynamics, steps=10)
        results.append((positions(folder), *properties(folder)))
    for a, b in zip(results[1], results[0], strict=True):
        close(a, b)


def test_conserves_energy_with_the_bias_of_another_fix(tmp_path):
    """The pushed atom gains more than a hundred times the error of the integrator."""
    write_system(tmp_path, argon())
    name = socket_name()
    serve(tmp_path, f"dbar/ipi d {name} 1 unix", 1, forcefield=ffsocket(name), before=push(0.02))
    potential, conserved, *_ = properties(tmp_path)
    assert np.ptp(conserved) < 0.01 * np.ptp(potential)


def test_extras_of_four_beads_served_by_two_clients(tmp_path):
    """Every bead's own D, V and variable, to the digits that i-PI prints, whichever client made them."""
    write_system(tmp_path, argon(tilt=True))
    cvs = [variable("linear", 1), variable("norm", 3, tanh=(1.0, 5.0))]
    for cv in cvs:
        cv.export(tmp_path / f"{cv.name}.json")
    name = socket_name()
    keys = ("D", "V", "count", *(cv.name for cv in cvs))
    write_input(tmp_path, ffsocket(name), steps=6, beads=4, dynamics=NVE, extras=keys)
    before = "variable count equal c_d[1]/72\n"
    script = client_script(
        f"dbar/ipi d {name} 1 unix extra v_count cv linear.json norm.json",
        before=before,
        after='print "served $(f_i)"\n',
    )
    with (
        i_pi(tmp_path) as server,
        client(tmp_path, script, 2, "one") as one,
        client(tmp_path, script, 1, "two") as two,
    ):
        texts = [finish(one, tmp_path, "one.out"), finish(two, tmp_path, "two.out")]
        finish(server, tmp_path, "i-pi.log")
    served = [int(text.split("served ")[1].split()[0]) for text in texts]
    assert sum(served) == 4 * 7 and min(served) > 0
    cell = properties(tmp_path)[-1]
    seen = []
    for bead in range(4):
        q = positions(tmp_path, bead)
        assert len(q) == 7
        frames = [as_atoms(frame, h) for frame, h in zip(q, cell, strict=True)]
        D, V = DESCRIPTOR.compute(frames, virial=True)
        V = V[:, :, [0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]]
        close(extras(tmp_path, "D", bead), D, 1e-12)
        close(extras(tmp_path, "V", bead), V, 1e-11)
        assert np.array_equal(extras(tmp_path, "count", bead), np.ones(7))
        for cv in cvs:  # of the very D that was printed: the sums of the formula differ by rounding
            close(extras(tmp_path, cv.name, bead), cv.value(extras(tmp_path, "D", bead)), 1e-13)
        seen.append(D[-1])
    assert np.ptp(seen, axis=0)[1:].min() > 1e-6  # the beads differ


def test_bias_of_plumed_inside_lammps(tmp_path):
    """PLUMED biases a variable in LAMMPS while i-PI moves the atoms.

    What i-PI gets is the potential of ASE and the spring, at the positions that it printed. The rest
    of the conserved quantity is the error of the integrator: as large as without the spring.
    """
    noise, swing = {}, {}
    cv = variable("linear", 1)
    at = float(cv.evaluate(argon())) + 1.0
    for case in ("free", "biased"):
        folder = tmp_path / case
        folder.mkdir()
        write_system(folder, argon())
        cv.export(folder / "linear.json")
        (folder / "plumed.dat").write_text(
            f"UNITS ENERGY=eV\ns: EXTRACV NAME=linear\nr: RESTRAINT ARG=s AT={at!r} KAPPA=2\n"
            "PRINT ARG=s,r.bias FILE=COLVAR FMT=%.14g\n"
        )
        name = socket_name()
        fix, before = f"dbar/ipi d {name} 1 unix cv linear.json", ""
        if case == "biased":
            before = "fix b all dbar/plumed d plumed.dat cv linear.json\nvariable bias equal f_b\n"
            fix += " extra v_bias"
        keys = ("linear", "bias") if before else ("linear",)
        settings = {"forcefield": ffsocket(name), "before": before, "extras": keys}
        serve(folder, fix, 2 if before else 1, steps=60, **settings)
        potential, conserved, _, cell = properties(folder)
        noise[case] = np.std(conserved)
        frames = [as_atoms(q, h) for q, h in zip(positions(folder), cell, strict=True)]
        s = cv.evaluate(frames)
        spring = (s - at) ** 2 if before else np.zeros(len(s))
        swing[case] = np.ptp(spring) / HARTREE
        for atoms, total, bias in zip(frames, potential, spring, strict=True):
            atoms.calc = LennardJones(sigma=3.405, epsilon=0.01032, rc=6.0)
            expected = (atoms.get_potential_energy() + bias) / HARTREE
            assert total == pytest.approx(expected, rel=1e-7)  # digits of the unit of energy
    colvar = np.loadtxt(folder / "COLVAR")[1:]  # the first line is of the data file
    assert len(colvar) == len(s) == 61
    for column, key, expected in ((1, "linear", s), (2, "bias", spring)):
        close(extras(folder, key), colvar[:, column], 1e-13)
        close(colvar[:, column], expected, 1e-10)
    assert swing["biased"] > 100 * noise["free"]
    assert noise["biased"] < 1.5 * noise["free"]


def test_positions_far_away_and_other_ranks(tmp_path):
    """i-PI may send any image of an atom, and an order unlike LAMMPS's domains: same energy and D."""
    atoms = argon(tilt=True)
    write_system(tmp_path, atoms)
    name = socket_name()
    write_input(
        tmp_path,
        ffsocket(name).replace("<ffsocket", "<ffsocket pbc='False'"),
        steps=3,
        extras=("D",),
    )
    order = np.random.default_rng(3).permutation(
        len(atoms)
    )  # LAMMPS starts from another arrangement
    images = np.random.default_rng(4).integers(-3, 4, (len(atoms), 3))
    lines = (tmp_path / "init.xyz").read_text().splitlines()
    for k, x in enumerate((atoms.positions + images @ atoms.cell.array)[order]):
        lines[2 + k] = "Ar " + " ".join(f"{v:.12f}" for v in x)
    (tmp_path / "init.xyz").write_text("\n".join(lines) + "\n")
    script = client_script(f"dbar/ipi d {name} 1 unix")
    with i_pi(tmp_path) as server, client(tmp_path, script, 4) as lmp:
        finish(lmp, tmp_path, "client.out")
        finish(server, tmp_path, "i-pi.log")
    q, cell = positions(tmp_path), properties(tmp_path)[-1]
    D, _ = DESCRIPTOR.compute([as_atoms(f, h) for f, h in zip(q, cell, strict=True)])
    close(extras(tmp_path, "D"), D, 1e-11)


def test_two_runs_share_one_connection(tmp_path):
    """A structure that came at the end of a run waits for the next one: none is lost, none is repeated."""
    write_system(tmp_path, argon())
    name = socket_name()
    write_input(tmp_path, ffsocket(name), steps=30)
    script = client_script(
        f"dbar/ipi d {name} 1 unix", steps=10, after='run 100\nprint "last $(step)"\n'
    )
    with i_pi(tmp_path) as server, client(tmp_path, script, 2) as lmp:
        text = finish(lmp, tmp_path, "client.out")
        finish(server, tmp_path, "i-pi.log")
    assert "last 31" in text  # i-PI asks for the forces of 31 structures
    assert len(positions(tmp_path)) == 31
