"""Molecular dynamics by LAMMPS with a potential that the averages know, in a folder of its own."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import numpy as np

from dbar.gpp.bulk import LATTICES
from dbar.gpp.efs_table import efs_table
from dbar.gpp.potential import Potential
from dbar.lammps.lmp import environment, lmp_path, mpirun_path

__all__ = ["PICOSECOND", "Simulation", "blocked"]

PICOSECOND = 500  # steps
_BLOCKS = 16
_CRYSTAL = """\
units metal
lattice {lattice} {a:.12g}
region box block 0 {cells} 0 {cells} 0 {cells}
create_box 1 box
create_atoms 1 box
pair_style {style}
pair_coeff * * {file} {element}
neighbor 1.0 bin
timestep 0.002
velocity all create {hot:.12g} {seed} mom yes rot no
"""


class Simulation:
    """Runs of a crystal of one element; use it in a ``with`` block, which removes the folder.

    Parameters
    ----------
    potential : Potential
        A formula becomes a fine table.
    lattice, element : str
    cells : int
        Cubic cells along each edge.
    seed : int
        Of velocities and random forces.
    ranks : int
    """

    def __init__(
        self, potential: Potential, lattice: str, element: str, cells: int, seed: int = 1,
        ranks: int = 1,
    ) -> None:  # fmt: skip
        self._folder = tempfile.TemporaryDirectory()
        self.folder, self.ranks, self.cells = Path(self._folder.name), ranks, cells
        self.atoms = LATTICES[lattice] * cells**3
        style, file = potential.form, str(potential.path)
        if style == "efs":
            style, file = "eam/alloy", "table.eam.alloy"
            efs_table(potential.content).write(self.folder / file)
        self._words = {
            "lattice": lattice, "element": element, "cells": cells, "seed": seed, "style": style,
            "file": file,
        }  # fmt: skip

    def __enter__(self) -> Simulation:
        return self

    def __exit__(self, *error: object) -> None:
        self._folder.cleanup()

    def run(self, a: float, temperature: float, lines: str) -> None:
        """Run commands on the perfect crystal, moving with twice the temperature.

        Raises
        ------
        RuntimeError
            With the words of LAMMPS.
        """
        text = _CRYSTAL.format(**self._words, a=a, hot=2.0 * temperature) + lines
        (self.folder / "in.lmp").write_text(text)
        command = [str(lmp_path()), "-in", "in.lmp", "-screen", "none"]
        if self.ranks > 1:
            command = [str(mpirun_path()), "-np", str(self.ranks), *command]
        done = subprocess.run(
            command, cwd=self.folder, env=environment(), capture_output=True, text=True
        )
        if done.returncode:
            log = self.folder / "log.lammps"
            said = log.read_text().splitlines() if log.exists() else [done.stderr]
            wrong = [line for line in said if line.startswith("ERROR")] or said[-1:]
            raise RuntimeError(f"LAMMPS: {' '.join(wrong)}")

    def table(self, name: str) -> np.ndarray:
        """Columns of numbers that a run has written."""
        return np.loadtxt(self.folder / name, ndmin=2).T


def blocked(values: np.ndarray) -> tuple[float, float]:
    """Mean and standard error of a series, by 16 blocks."""
    parts = np.array([part.mean() for part in np.array_split(values, _BLOCKS)])
    return float(np.mean(values)), float(parts.std(ddof=1) / np.sqrt(_BLOCKS))
