"""Crystal structure and dislocations of kept positions, through OVITO (optional)."""

from __future__ import annotations

import numpy as np

from dbar.descriptors.neighbours import completed_cell
from dbar.targets.pair_distribution import configuration, periodicity

__all__ = ["atom_structures", "dislocations", "structure_counts"]

_NAMES = {"FCC": "fcc", "HCP": "hcp", "BCC": "bcc", "ICO": "ico", "OTHER": "other"}
_LATTICES = {"fcc": "FCC", "hcp": "HCP", "bcc": "BCC", "diamond": "CubicDiamond"}


def _ovito():
    try:
        import ovito.data
        import ovito.modifiers
        import ovito.pipeline
    except ImportError:
        raise ImportError(
            "structure analysis needs the package ovito: pip install dbar[ovito]"
        ) from None
    return ovito


def _collection(snapshots, index, periodic):
    data = _ovito().data.DataCollection()
    x, _, cell, origin = configuration(snapshots, index)
    periodic = periodicity(snapshots, index, periodic)
    cell = completed_cell(cell, periodic)
    data.create_cell(np.column_stack([np.transpose(cell), origin]), pbc=periodic)
    particles = data.create_particles(count=len(x))
    particles.create_property("Position", data=x)
    return data


def _compute(snapshots, index, periodic, modifier):
    ovito = _ovito()
    source = ovito.pipeline.StaticSource(data=_collection(snapshots, index, periodic))
    pipeline = ovito.pipeline.Pipeline(source=source)
    pipeline.modifiers.append(modifier)
    return pipeline.compute()


def structure_counts(
    snapshots, method="cna", cutoff=None, rmsd=0.12, periodic=None
):  # fmt: skip
    """Numbers of atoms in each kind of neighbourhood.

    Parameters
    ----------
    snapshots : dbar.trajectory.Snapshots
    method : {"cna", "ptm"}
        Common-neighbour analysis, or polyhedral template matching.
    cutoff : float, optional
        Bond length of "cna"; by default each atom's own (adaptive).
    rmsd : float
        Largest deviation accepted by "ptm".
    periodic : 3 bool, optional
        Periodic directions, instead of those of the run.

    Returns
    -------
    dict of ndarray (S,)
        ``fcc, hcp, bcc, ico, other``; divide by the number of atoms for fractions.

    Raises
    ------
    ImportError
        Without OVITO.
    ValueError
        For an unknown method, or positions that are not finite.
    """
    modifier, prefix = _classifier(method, cutoff, rmsd)
    counts = {name: np.zeros(len(snapshots), dtype=int) for name in _NAMES.values()}
    for k in range(len(snapshots)):
        found = _compute(snapshots, k, periodic, modifier).attributes
        for word, name in _NAMES.items():
            counts[name][k] = found.get(f"{prefix}.counts.{word}", 0)
    return counts


def atom_structures(
    snapshots, method="cna", cutoff=None, rmsd=0.12, periodic=None
):  # fmt: skip
    """Kind of neighbourhood of each atom; parameters and errors as `structure_counts`.

    Returns
    -------
    list of ndarray of str
        For each snapshot one of ``fcc, hcp, bcc, ico, other`` for each atom.
    """
    modifier, _ = _classifier(method, cutoff, rmsd)
    kinds = type(modifier).Type
    names = {int(getattr(kinds, word)): name for word, name in _NAMES.items()}
    known = np.array([names.get(k, "other") for k in range(max(names) + 1)])
    frames = (_compute(snapshots, k, periodic, modifier) for k in range(len(snapshots)))
    return [known[np.asarray(frame.particles["Structure Type"])] for frame in frames]


def _classifier(method, cutoff, rmsd):
    """Build OVITO's modifier; also the prefix of the counts that it leaves."""
    if method not in ("cna", "ptm"):
        raise ValueError(f"method is {method!r}, expected 'cna' or 'ptm'")
    modifiers = _ovito().modifiers
    if method == "ptm":
        modifier = modifiers.PolyhedralTemplateMatchingModifier(rmsd_cutoff=float(rmsd))
        kinds = type(modifier).Type
        for kind in (kinds.FCC, kinds.HCP, kinds.BCC, kinds.ICO):
            modifier.structures[kind].enabled = True
        prefix = "PolyhedralTemplateMatching"
    else:
        cna, prefix = modifiers.CommonNeighborAnalysisModifier, "CommonNeighborAnalysis"
        if cutoff is None:
            modifier = cna(mode=cna.Mode.AdaptiveCutoff)
        else:
            modifier = cna(mode=cna.Mode.FixedCutoff, cutoff=float(cutoff))
    return modifier, prefix


def dislocations(snapshots, lattice="fcc", periodic=None):
    """Dislocation densities by family of Burgers vector and by character, and junctions.

    OVITO's dislocation extraction (DXA).

    Parameters
    ----------
    snapshots : dbar.trajectory.Snapshots
    lattice : {"fcc", "hcp", "bcc", "diamond"}
        The crystal in which dislocations are sought.
    periodic : 3 bool, optional
        Periodic directions, instead of those of the run.

    Returns
    -------
    dict of ndarray (S,)
        Line length over box volume: ``total``, one entry per family named as OVITO does (fcc:
        ``1/2<110>`` perfect, ``1/6<112>`` Shockley, ``1/6<110>`` stair-rod, ``1/3<100>`` Hirth,
        ``1/3<111>`` Frank, ``other``), ``screw`` and ``edge`` (length weighted with the squared
        cosine and sine of the angle between line and Burgers vector; they sum to ``total``); and
        ``junctions``, the number of nodes where three or more lines meet.

    Raises
    ------
    ImportError
        Without OVITO.
    ValueError
        For an unknown lattice, or positions that are not finite.
    """
    if lattice not in _LATTICES:
        raise ValueError(f"lattice is {lattice!r}, expected one of {', '.join(_LATTICES)}")
    dxa = _ovito().modifiers.DislocationAnalysisModifier
    modifier = dxa(input_crystal_structure=getattr(dxa.Lattice, _LATTICES[lattice]))
    rows = []
    for k in range(len(snapshots)):
        data = _compute(snapshots, k, periodic, modifier)
        space = abs(np.linalg.det(snapshots.edges[k]))
        prefix = "DislocationAnalysis.length."
        row = {
            name.removeprefix(prefix): value / space
            for name, value in data.attributes.items()
            if name.startswith(prefix)
        }
        screw, edge = _character(data.dislocations.lines)
        row |= {"screw": screw / space, "edge": edge / space, "total": (screw + edge) / space}
        nodes = data.dislocations.find_nodes()
        row["junctions"] = sum(len(list(node.arms())) >= 3 for node in nodes)
        rows.append(row)
    names = sorted({name for row in rows for name in row})
    return {name: np.array([row.get(name, 0) for row in rows]) for name in names}


def _character(lines):
    """Lengths of all lines weighted as screw and as edge."""
    screw = edge = 0.0
    for line in lines:
        b = np.asarray(line.spatial_burgers_vector, dtype=float)
        piece = np.diff(np.asarray(line.points, dtype=float), axis=0)
        length = np.linalg.norm(piece, axis=1)
        along = np.square(piece @ (b / np.linalg.norm(b))) / np.where(length > 0, length, 1.0)
        screw += along.sum()
        edge += (length - along).sum()
    return screw, edge
