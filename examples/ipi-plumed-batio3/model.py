"""The crystal, its collective variable, and the input files of i-PI, LAMMPS and PLUMED."""

from pathlib import Path

import numpy as np
from ase import Atoms

from dbar.bias import CollectiveVariable
from dbar.descriptors import Expansion

HERE = Path(__file__).resolve().parent
LATTICE = 4.01  # Angstrom
RCUT = 3.0
SITES = [  # species, place in the unit cell
    (0, (0.0, 0.0, 0.0)),
    (1, (0.5, 0.5, 0.5)),
    (2, (0.5, 0.5, 0.0)),
    (2, (0.5, 0.0, 0.5)),
    (2, (0.0, 0.5, 0.5)),
]
SYMBOLS = ("Ba", "Ti", "O")
CHARGES = ((5.042, -2.870), (4.616, -1.544), (0.970, -2.718))  # core, shell
MASSES = ((135.327, 2.0), (45.867, 2.0), (13.999, 2.0))
STEP = 0.8  # fs


def crystal(size):
    """Species (n,) and positions (n, 3) of size^3 cubic unit cells."""
    corners = np.stack(np.meshgrid(*[range(size)] * 3, indexing="ij"), -1).reshape(-1, 3)
    species = np.tile([s for s, _ in SITES], len(corners))
    places = (corners[:, None] + np.array([p for _, p in SITES])).reshape(-1, 3)
    return species, LATTICE * places


def write_cell(folder: Path, size):
    """cell.data for LAMMPS and init.xyz for i-PI: core and shell of each atom follow each other."""
    species, x = crystal(size)
    edge = size * LATTICE
    lines = [
        "BaTiO3, cores and shells",
        f"{2 * len(x)} atoms\n{len(x)} bonds\n6 atom types\n3 bond types",
        "\n".join(f"0 {edge} {a}lo {a}hi" for a in "xyz"),
        "Masses",
        "\n".join(f"{2 * s + k + 1} {MASSES[s][k]}" for s in range(3) for k in range(2)),
        "Atoms # full",
        "\n".join(
            f"{2 * i + k + 1} {i + 1} {2 * s + k + 1} {CHARGES[s][k]} {p[0]} {p[1]} {p[2]}"
            for i, (s, p) in enumerate(zip(species, x, strict=True))
            for k in range(2)
        ),
        "Bonds",
        "\n".join(f"{i + 1} {s + 1} {2 * i + 1} {2 * i + 2}" for i, s in enumerate(species)),
    ]
    (folder / "cell.data").write_text("\n\n".join(lines) + "\n")
    head = f"# CELL(abcABC): {edge} {edge} {edge} 90 90 90 cell{{angstrom}} positions{{angstrom}}"
    rows = [
        f"{SYMBOLS[s]} {p[0]} {p[1]} {p[2]}" for s, p in zip(species, x, strict=True) for _ in "cs"
    ]
    (folder / "init.xyz").write_text("\n".join([str(len(rows)), head, *rows]) + "\n")


def polar_variable():
    """P = |sum over Ti of c_{O,n,l=1,m}| per titanium with one radial function, in Angstrom.

    Equation 4.26 of Goscinski's thesis. The scale makes P the distance by which titanium has moved
    out of its octahedra of oxygen, if all move alike and not far.
    """
    species, x = crystal(2)
    keep = species > 0
    atoms = Atoms(np.array(SYMBOLS)[species[keep]], x[keep], cell=[2 * LATTICE] * 3, pbc=True)
    shift = 0.01
    atoms.positions[species[keep] == 1, 0] += shift
    words = {"nmax": 1, "lmax": 1}
    ti = Expansion(RCUT, **words, neighbors=["O"], species=["Ti", "O"], perspecies=True)
    cubic = CollectiveVariable.from_selection("O,n0,l1,m* Ti", "polar", ti)
    slope = cubic.evaluate(atoms) / np.sum(species == 1) / shift
    cores = {
        "family": "expansion",
        "rcut": RCUT,
        "words": {"nmax": "1", "lmax": "1", "neighbors": "5"},  # type 5: cores of oxygen
        "ntypes": 6,
        "perspecies": False,
    }
    return CollectiveVariable.from_selection(
        "5,n0,l1,m*", "polar", cores, per_atom=True, scale=1.0 / slope
    )


def write_inputs(folder: Path, *, size, temperature, steps, seed, name, metad):
    """Everything that one run needs; `metad` are the arguments of METAD, or None for no bias."""
    write_cell(folder, size)
    polar_variable().export(folder / "polar.json")
    bias = f"m: METAD ARG=p {metad} TEMP={temperature}\n" if metad else ""
    printed = "p,m.bias" if metad else "p"
    (folder / "plumed.dat").write_text(
        "UNITS ENERGY=eV LENGTH=A TIME=ps\np: EXTRACV NAME=polar\n"
        f"{bias}PRINT ARG={printed} FILE=COLVAR STRIDE=10 FMT=%.8g\n"
    )
    masses = ",".join(f"{m}" for s in crystal(size)[0] for m in MASSES[s])
    text = (HERE / "input.xml").read_text()
    for key, value in {
        "NAME": name,
        "STEPS": steps,
        "SEED": seed,
        "TEMPERATURE": temperature,
        "MASSES": masses,
        "TIMESTEP": STEP,
    }.items():
        text = text.replace(f"@{key}@", str(value))
    (folder / "input.xml").write_text(text)
