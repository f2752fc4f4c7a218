"""Databases of defects in bcc iron, as those of C. Lapointe et al.

Phys. Rev. Materials 4, 063802 (2020), section III.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from dbar.entropy.calculator import ReferenceCalculator
from dbar.entropy.database_file import DatabaseFile, Record
from dbar.entropy.defect_cells import cluster_of, perfect_cell
from dbar.entropy.defect_search import DefectSearch
from dbar.entropy.errors import RoughPotentialWarning
from dbar.entropy.smoothing import smooth_table
from dbar.entropy.thermodynamics import check_temperature
from dbar.entropy.wigner_seitz import check_ovito
from dbar.files.atomic import check_writable
from dbar.files.kinds import Kind
from dbar.lammps.lmp import potential_path
from dbar.potential.eam_table import EamTable, read_table

__all__ = ["iron_database"]

_SPECIES = "Fe"
_SHIPPED = "Fe_mm.eam.fs"
_STRAIN = 10.0  # per cent, either way
_LARGEST = 20000  # sites


def iron_database(
    path: str | os.PathLike[str],
    potential: str | os.PathLike[str] | None = None,
    *,
    number: int,
    random: int = 0,
    sites: Sequence[int] = (250,),
    strains: Sequence[float] = (0.0,),
    clusters: Sequence[str] = ("I2", "I3", "I4", "V4"),
    seed: int = 0,
    temperature: float | None = 300.0,
    ranks: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Relax cells of iron with defects and write them with their entropies (units metal).

    First the perfect cells, then `number` cells with clusters of vacancies or interstitials: all
    classes in turn, in all sizes and strains. Then `random` cells, each made of one of these by
    displacing atoms until Frenkel pairs are left after relaxation. Cells whose energies agree to
    0.01 eV with one of their class, size and strain are not kept, nor such with interstitials whose
    moments of inertia agree. A file that exists is continued, and becomes what it would have become
    undisturbed.

    Parameters
    ----------
    path : path-like
        File to write or go on with, ending in .h5.
    potential : path-like
        Table of eam/alloy or eam/fs with iron, smooth enough for second derivatives. Default:
        LAMMPS's Fe_mm.eam.fs after `smooth_table`, written beside `path` under its name with
        ``.eam.fs``.
    number, random : int
        How many cells of each kind. Of a class with few configurations there are fewer.
    sites : sequence of int
        Of the perfect cells, twice a cube: 128, 250, 432, 686, 1024, ...
    strains : sequence of float
        Of the edge of the cell, per cent.
    clusters : sequence of str
        I (interstitials) or V (vacancies) and how many: I2, V4.
    seed : int
    temperature : float or None
        K. None: entropies are -log_det / 2.
    ranks : int
        MPI ranks of LAMMPS. The file does not depend on them but for rounding.
    progress : callable, optional
        Called with the number of cells and how many there will be.

    Returns
    -------
    int
        How many cells the file held already.

    Raises
    ------
    ValueError
        Of other values, a table that is too rough, or a file made with other values.
    ImportError
        Without OVITO, which counts the defects.
    LammpsError, OSError
    """
    degree = None if temperature is None else check_temperature(temperature)
    check_ovito()
    asked = _checked(number, random, sites, strains, clusters, seed)
    if potential is None:
        check_writable(path, Kind.ENTROPY_DATABASE)
        potential = Path(path).with_suffix(".eam.fs")
        smooth_table(potential_path(_SHIPPED), potential)
    table = read_table(potential)
    settings = {**asked, **_words(potential, table), "temperature": degree, "what": "iron"}
    for count in settings["sites"]:
        _refuse_small(count, min(settings["strains"]), table)
    style, coeff = settings["pair_style"], settings.pop("pair_coeff")
    file_settings = {**settings, "pair_coeff": [f"* * {Path(potential).name} {_SPECIES}"]}
    with (
        DatabaseFile(path, file_settings) as file,
        ReferenceCalculator(style, coeff, degree, relax=True, retry=3, ranks=ranks) as calculator,
    ):
        reused = len(file.held.records)
        lattice = _lattice(calculator, _tabled(table))
        cells = [
            perfect_cell(_SPECIES, lattice * (1 + strain / 100), count)
            for count in settings["sites"]
            for strain in settings["strains"]
        ]
        total = len(cells) + number + random
        tick = progress or (lambda *_: None)
        _add_bulk(file, calculator, cells, settings, lambda done: tick(done, total))
        search = DefectSearch(file, calculator, cells, lattice)
        search.run(lambda done: tick(len(cells) + done, total))
    return reused


def _checked(number, random, sites, strains, clusters, seed) -> dict:
    """Settings in terms of JSON."""
    for name, value, least in (("number", number, 1), ("random", random, 0), ("seed", seed, 0)):
        if isinstance(value, bool) or value != int(value) or value < least:
            raise ValueError(f"{name}: found {value!r}, expected an integer from {least} on")
    for name, values in (("sites", sites), ("strains", strains), ("clusters", clusters)):
        if isinstance(values, str) or not len(values):
            raise ValueError(f"{name}: found {values!r}, expected a list of one or more")
        if len(set(values)) < len(values):
            raise ValueError(f"{name}: found {list(values)}, expected each of them once")
    for count in sites:
        edge = max(1, round((count / 2) ** (1 / 3)))
        if count != 2 * edge**3 or count > _LARGEST:
            near = ", ".join(str(2 * k**3) for k in (4, 5, 6, 7, 8, 10, 12))
            raise ValueError(f"sites: found {count}, expected twice a cube: {near}, ...")
    for strain in strains:
        if not (np.isfinite(strain) and abs(strain) <= _STRAIN):
            raise ValueError(
                f"strains: found {strain}, expected per cent from {-_STRAIN:g} to {_STRAIN:g}"
            )
    for label in clusters:
        most = min(sites) // 8
        if cluster_of(label)[1] > most:
            raise ValueError(
                f"clusters: found {label}, expected at most {most} defects in {min(sites)} sites"
            )
    if len(clusters) < 2 and not random:
        raise ValueError(
            f"clusters: found {clusters[0]} alone, expected two classes or more, or --random: of "
            "one class nothing can be learnt for others"
        )
    return {
        "number": int(number), "random": int(random), "seed": int(seed),
        "sites": [int(count) for count in sites], "strains": [float(s) for s in strains],
        "clusters": list(clusters), "labels": [*clusters, "random"],
    }  # fmt: skip


def _words(potential, table: EamTable) -> dict:
    if _SPECIES not in table.elements:
        raise ValueError(
            f"{os.fspath(potential)}: elements: found {' '.join(table.elements)}, expected "
            f"{_SPECIES} among them"
        )
    several = any(len(one) > 1 for one in table.density)
    style = "eam/fs" if several or str(potential).endswith(".fs") else "eam/alloy"
    content = Path(potential).read_bytes()
    return {
        "units": "metal", "species": _SPECIES, "pair_style": style,
        "pair_coeff": f"* * \"{os.path.abspath(potential)}\" {_SPECIES}",
        "potential": hashlib.sha256(content).hexdigest(),
    }  # fmt: skip


def _tabled(table: EamTable) -> float:
    """Lattice constant that a table says (Å)."""
    return float(table.headers[table.elements.index(_SPECIES)].split()[2])


def _refuse_small(sites: int, strain: float, table: EamTable) -> None:
    edge = round((sites / 2) ** (1 / 3)) * _tabled(table) * (1 + strain / 100)
    if edge < 2 * table.cutoff:
        raise ValueError(
            f"sites: found {sites}, a cell with an edge of {edge:.4g} Å, expected at least twice "
            f"the cutoff of the potential, {table.cutoff:g} Å"
        )


def _lattice(calculator: ReferenceCalculator, guess: float) -> float:
    """Lattice constant of the lowest energy (Å)."""
    from scipy import optimize  # every run with `compute dbar/entropy` would wait for it

    def energy(lattice: float) -> float:
        return calculator.relaxed(perfect_cell(_SPECIES, lattice, 54), "perfect crystal")[1]

    limits = (0.95 * guess, guess, 1.05 * guess)
    found = optimize.minimize_scalar(energy, bracket=limits, method="brent", tol=1e-9)
    if not limits[0] < found.x < limits[2]:
        raise ValueError(
            f"lattice: found none of lowest energy near {guess:g} Å, expected a bcc crystal"
        )
    return round(float(found.x), 6)


def _add_bulk(file: DatabaseFile, calculator, cells, settings: dict, tick) -> None:
    """The perfect cells that are not there yet."""
    places = [(count, strain) for count in settings["sites"] for strain in settings["strains"]]
    for k in range(len(file.held.bulk), len(cells)):
        tick(k)
        sites, strain = places[k]
        name = f"perfect cell of {sites} sites at {strain:g} %"
        with warnings.catch_warnings():
            warnings.simplefilter("error", RoughPotentialWarning)
            try:
                found = calculator(cells[k], name)
            except RoughPotentialWarning as error:
                raise ValueError(f"potential: {error}") from None
        file.add(Record.of(found, k, strain=strain, sites=sites), bulk=True)
