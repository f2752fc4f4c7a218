"""Crystals at temperature by molecular dynamics: what averages over phase packets are held against.

For each temperature the lattice constant at no pressure (a run at constant pressure), then energy and variance of the
positions in that box (a run at constant volume), each with its standard error from blocks.

    python benchmarks/gpp_md.py cu-efs --temperatures 300 500 800 [--cells 10] [--picoseconds 100] [--ranks 1]

Prints a line of JSON for each temperature. Copper, 4000 atoms, 100 ps: about four minutes each on one idle core.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from dbar.gpp import load_potential, relax_bulk
from dbar.gpp.constants import BOLTZMANN
from dbar.gpp.efs_table import efs_table
from dbar.lammps.lmp import environment, lmp_path, mpirun_path

CONSTANT_PRESSURE = """\
units metal
lattice {lattice} {a}
region box block 0 {cells} 0 {cells} 0 {cells}
create_box 1 box
create_atoms 1 box
pair_style {style}
pair_coeff * * {file} {element}
neighbor 1.0 bin
velocity all create {hot} {seed} mom yes rot no
timestep 0.002
thermo 10
thermo_style custom step lx pe temp press
fix 1 all npt temp {T} {T} 0.2 iso 0 0 1
run {settle}
fix 2 all print 10 "$(lx/{cells}) $(pe/atoms) $(temp)" file pressure.txt screen no title "#"
run {steps}
"""
CONSTANT_VOLUME = """\
units metal
lattice {lattice} {a}
region box block 0 {cells} 0 {cells} 0 {cells}
create_box 1 box
create_atoms 1 box
pair_style {style}
pair_coeff * * {file} {element}
neighbor 1.0 bin
velocity all create {hot} {seed} mom yes rot no
timestep 0.002
fix 1 all nvt temp {T} {T} 0.2
run {settle}
reset_timestep 0
compute 1 all msd com yes average yes
compute 2 all pressure thermo_temp
fix 2 all print 10 "$(pe/atoms) $(temp) $(c_2) $(c_1[4])" file volume.txt screen no title "#"
run {steps}
"""


def run(folder, text, ranks):
    """Run LAMMPS in a folder; its error is this one's."""
    Path(folder, "in.md").write_text(text)
    command = [str(lmp_path()), "-in", "in.md", "-screen", "none"]
    if ranks > 1:
        command = [str(mpirun_path()), "-np", str(ranks), *command]
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stdout[-2000:] + done.stderr[-2000:])


def blocked(values, blocks=16):
    """Mean and standard error of a series, by blocks."""
    parts = np.array([part.mean() for part in np.array_split(values, blocks)])
    return [float(np.mean(values)), float(parts.std(ddof=1) / np.sqrt(blocks))]


def words(potential, folder):
    """Pair style and file of a potential in LAMMPS; a formula becomes a fine table."""
    if potential.form != "efs":
        return potential.form, str(potential.path)
    file = Path(folder, "efs.eam.alloy")
    efs_table(potential.content).write(file)
    return "eam/alloy", str(file)


def measured(potential, lattice, element, T, args, folder):
    """Lattice constant, energy and variance at a temperature, each with its error."""
    style, file = words(potential, folder)
    guess = relax_bulk(potential, lattice, T, element=element)
    told = {
        "style": style, "file": file, "element": element, "lattice": lattice, "a": guess.a,
        "cells": args.cells, "T": T, "hot": 2 * T, "seed": args.seed, "settle": 5000,
        "steps": round(args.picoseconds * 500),
    }  # fmt: skip
    run(folder, CONSTANT_PRESSURE.format(**told), args.ranks)
    a, energy, found = np.loadtxt(Path(folder, "pressure.txt")).T
    told |= {"a": float(a.mean()), "steps": round(args.picoseconds * 250)}
    run(folder, CONSTANT_VOLUME.format(**told), args.ranks)
    fixed, held, pressure, square = np.loadtxt(Path(folder, "volume.txt")).T
    return {
        "T": T, "a": blocked(a), "energy": blocked(energy + 1.5 * BOLTZMANN * found),
        "temperature": blocked(found), "energy in that box": blocked(fixed + 1.5 * BOLTZMANN * held),
        "pressure in that box (bar)": blocked(pressure), "variance": float(square[-1]) / 3.0,
        "packets": {"a": guess.a, "energy": guess.energy, "variance": guess.variance},
    }  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("potential")
    parser.add_argument("--element")
    parser.add_argument("--lattice", default="fcc")
    parser.add_argument("--temperatures", type=float, nargs="+", default=[300.0, 500.0, 800.0])
    parser.add_argument("--cells", type=int, default=10)
    parser.add_argument("--picoseconds", type=float, default=100.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ranks", type=int, default=1)
    args = parser.parse_args()
    potential = load_potential(args.potential)
    element = args.element or potential.elements[0]
    for T in args.temperatures:
        with tempfile.TemporaryDirectory() as folder:
            row = measured(potential, args.lattice, element, T, args, folder)
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
