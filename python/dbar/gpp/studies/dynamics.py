"""What molecular dynamics says of a crystal at temperature: the truth the averages approach."""

from __future__ import annotations

import numpy as np
from scipy.integrate import trapezoid

from dbar.gpp.constants import BOLTZMANN, HBAR
from dbar.gpp.studies.simulation import PICOSECOND, Simulation, blocked

__all__ = ["crystal_by_dynamics", "free_energy_by_integration", "warmed_by_compression"]

_SETTLE = 10  # ps
_PRESSURE = """\
fix 1 all npt temp {T} {T} 0.2 iso 0 0 1
run {settle}
fix 2 all print 10 "$(lx/{cells}) $(pe/atoms) $(temp)" file pressure.txt screen no title "#"
run {steps}
"""
_VOLUME = """\
fix 1 all nvt temp {T} {T} 0.2
run {settle}
reset_timestep 0
compute 1 all msd com yes average yes
fix 2 all print 10 "$(pe/atoms) $(temp) $(press) $(c_1[4])" file volume.txt screen no title "#"
run {steps}
"""
_COMPRESSION = """\
fix 1 all nvt temp {T} {T} 0.2
run {settle}
unfix 1
fix 1 all nve
fix 3 all print 10 "$(temp)" file before.txt screen no title "#"
run {steps}
unfix 3
fix 2 all deform 1 x scale {scale} y scale {scale} z scale {scale} remap x
run {steps}
unfix 2
fix 3 all print 10 "$(temp)" file warm.txt screen no title "#"
run {steps}
"""
_INTEGRATION = """\
fix 1 all nve
fix 2 all ti/spring {k:.12g} {switch} {settle} function 2
fix 3 all langevin {T} {T} 0.1 {seed} zero yes
run {settle}
fix 4 all print 1 "$(pe/atoms) $(f_2/atoms) $(f_2[1])" file there.txt screen no title "#"
run {switch}
unfix 4
run {settle}
fix 4 all print 1 "$(pe/atoms) $(f_2/atoms) $(f_2[1])" file back.txt screen no title "#"
run {switch}
"""


def warmed_by_compression(
    simulation: Simulation, a: float, temperature: float, strain: float, picoseconds: float = 10.0
) -> tuple[float, float]:
    """Temperature of a crystal after its edges were changed slowly, without heat.

    What an isentropic crystal of packets is held against.

    Parameters
    ----------
    simulation : Simulation
    a : float
        Lattice constant before (Å).
    temperature : float
        Before, in K.
    strain : float
        Of each edge; below 0 it is compressed.
    picoseconds : float
        That the change takes; temperatures are means over as long before and after it.

    Returns
    -------
    temperature, std_error : float
        That after the change over that before, times `temperature`: a thermostat leaves energies
        that scatter.
    """
    steps = round(picoseconds * PICOSECOND)
    words = {"T": temperature, "settle": _SETTLE * PICOSECOND, "scale": 1.0 + strain}
    simulation.run(a, temperature, _COMPRESSION.format(**words, steps=steps))
    (before, one), (after, other) = (
        blocked(simulation.table(name)[0]) for name in ("before.txt", "warm.txt")
    )
    ratio = after / before
    return temperature * ratio, temperature * ratio * np.hypot(one / before, other / after)


def crystal_by_dynamics(simulation: Simulation, a: float, temperature: float, picoseconds: float):
    """Lattice constant at no pressure, energy and variance, with standard errors.

    A run at constant pressure gives the first two, one half as long in that box the variance about
    the mean positions.

    Parameters
    ----------
    simulation : Simulation
    a : float
        Lattice constant to begin with (Å).
    temperature : float
        In K.
    picoseconds : float
        Of the first run, without the ten before it.

    Returns
    -------
    dict
        ``a`` (Å), ``energy`` (eV/atom, with 3/2 kT), ``pressure`` (bar, in the second run): mean
        and standard error; ``variance`` (Å^2).
    """
    words = {"T": temperature, "cells": simulation.cells, "settle": _SETTLE * PICOSECOND}
    steps = round(picoseconds * PICOSECOND)
    simulation.run(a, temperature, _PRESSURE.format(**words, steps=steps))
    length, energy, degree = simulation.table("pressure.txt")
    found = {"a": blocked(length), "energy": blocked(energy + 1.5 * BOLTZMANN * degree)}
    lines = _VOLUME.format(**words, steps=steps // 2)
    simulation.run(found["a"][0], temperature, lines)
    _, degree, pressure, square = simulation.table("volume.txt")
    return {
        **found, "temperature": blocked(degree), "pressure": blocked(pressure),
        "variance": float(square[-1]) / 3.0,
    }  # fmt: skip


def free_energy_by_integration(
    simulation: Simulation,
    a: float,
    temperature: float,
    spring: float,
    mass: float,
    picoseconds: float,
    seeds=range(1, 5),
) -> tuple[float, float]:
    """Helmholtz free energy of a crystal by switching to an Einstein crystal and back.

    R. Freitas, M. Asta, M. de Koning, Comput. Mater. Sci. 112, 333 (2016), with LAMMPS's
    ``fix ti/spring``; the centre of mass is fixed, and what that takes away is given back.

    Parameters
    ----------
    simulation : Simulation
    a : float
        Lattice constant (Å).
    temperature : float
        In K.
    spring : float
        Of the Einstein crystal (eV/Å^2).
    mass : float
        In u.
    picoseconds : float
        Of one switching.
    seeds : sequence of int
        One pair of switchings each.

    Returns
    -------
    free_energy, std_error : float
        In eV an atom.
    """
    words = {
        "T": temperature, "k": spring, "switch": round(picoseconds * PICOSECOND),
        "settle": 2 * PICOSECOND,
    }  # fmt: skip
    works, count = [], simulation.atoms
    for seed in seeds:
        simulation.run(a, temperature, _INTEGRATION.format(**words, seed=seed))
        # lambda 0 is the crystal, 1 the springs
        there, back = (
            trapezoid(pe - held, stage)
            for pe, held, stage in (simulation.table("there.txt"), simulation.table("back.txt"))
        )
        works.append(0.5 * (there - back))
    kT = BOLTZMANN * temperature
    einstein = 3.0 * kT * np.log(HBAR * np.sqrt(spring / mass) / kT)
    density = count / (simulation.cells * a) ** 3
    fixed = kT * np.log(density * (2.0 * np.pi * kT / (count * spring)) ** 1.5) / count
    error = np.std(works, ddof=1) / np.sqrt(len(works))
    return float(np.mean(works) + einstein + fixed), float(error)
