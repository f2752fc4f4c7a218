"""hcp atoms of each voxel from its descriptors, of runs that were left out: aluminium under tension.

    python benchmarks/chunk_hcp.py [--data ../shared/data/al-tension] [--grid 4 4 4] [--runs 16]

Averaged positions of every tenth snapshot; bso4 of each atom added up by voxel, hcp atoms by common-neighbour analysis
(OVITO, 3.45 A). Two runs of sixteen are left out at a time.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import ase
import numpy as np
from sklearn.metrics import r2_score
from sklearn.model_selection import GroupKFold

from dbar.descriptors import Bispectrum
from dbar.estimators import ChunkEstimator, LinearEstimator, in_no_chunk
from dbar.targets import atom_structures, atom_voxels, voxel_counts
from dbar.trajectory import Snapshots

EVERY, CUTOFF = 10, 3.45


def voxels(path, grid):
    """D (S, n, K+1) and hcp atoms (S, n) of the voxels of one run, checked against what it stored of the whole."""
    run = np.load(path)
    x, lengths = run["X"].astype(float), run["thermo"][::EVERY, 11:14]
    count, atoms = x.shape[:2]
    snapshots = Snapshots(
        step=run["thermo"][::EVERY, 0].astype(int), time=np.arange(float(count)), position=x,
        id=np.tile(np.arange(1, atoms + 1), (count, 1)), species=np.ones((count, atoms), int),
        edges=np.stack([np.diag(row) for row in lengths]), origin=np.zeros((count, 3)),
    )  # fmt: skip
    places = atom_voxels(snapshots, grid)
    labels = atom_structures(snapshots, cutoff=CUTOFF)
    kernel = Bispectrum(4.7)
    D = np.zeros((count, int(np.prod(grid)), 56))
    for k, place in enumerate(places):
        each = kernel.per_atom(ase.Atoms("Al" * atoms, positions=x[k], cell=lengths[k], pbc=True))
        np.add.at(D[k], place, np.column_stack([np.ones(atoms), each]))
    # positions are kept in single precision
    assert np.allclose(D.sum(axis=1), run["D"][::EVERY], atol=1e-6 * np.abs(run["D"]).max())
    hcp = voxel_counts(labels, places, grid, "hcp")
    assert np.array_equal(hcp.sum(axis=1), run["cna"][::EVERY, 1])
    return D, hcp


def held_out(D, hcp, groups, folds=8):
    """R2 of voxels and of the whole, learnt on voxels and on wholes; and the share inside 90 % bands."""
    y, whole = hcp.astype(float), D.sum(axis=1)
    assert not in_no_chunk(whole, D).any()
    mean, std, from_wholes = np.zeros_like(y), np.zeros_like(y), np.zeros_like(y)
    sums = np.zeros((2, len(y)))
    for train, test in GroupKFold(folds).split(D, groups=groups):
        model = ChunkEstimator().fit(D[train], y[train], groups=groups[train])
        mean[test], std[test] = model.predict(D[test], return_std=True)
        sums[0, test] = model.estimator_.predict(whole[test])
        assert np.allclose(mean[test].sum(axis=1), sums[0, test], atol=1e-6)
        other = LinearEstimator().fit(whole[train], y[train].sum(axis=1), groups=groups[train])
        sums[1, test] = other.predict(whole[test])
        rows = D[test].reshape(-1, D.shape[2])
        some = rows[:, 0] > 0
        guess = np.zeros(len(rows))
        guess[some] = other.predict(rows[some])
        from_wholes[test] = guess.reshape(-1, D.shape[1])
    return {
        "voxels": r2_score(y.ravel(), mean.ravel()),
        "voxels, learnt on wholes": r2_score(y.ravel(), from_wholes.ravel()),
        "whole": r2_score(y.sum(axis=1), sums[0]),
        "whole, learnt on wholes": r2_score(y.sum(axis=1), sums[1]),
        "inside 90 %": float(np.mean(np.abs(mean - y) <= 1.645 * std)),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/al-tension"))
    parser.add_argument("--grid", type=int, nargs=3, default=(4, 4, 4))
    parser.add_argument("--runs", type=int, default=16)
    args = parser.parse_args()
    paths = sorted(args.data.glob("*.npz"))[: args.runs]
    if not paths:
        parser.error(f"--data {args.data}: found no *.npz, expected the recorded runs of aluminium")
    parts = [voxels(path, tuple(args.grid)) for path in paths]
    D, hcp = (np.concatenate(found) for found in zip(*parts, strict=True))
    groups = np.repeat(np.arange(len(parts)), [len(part[0]) for part in parts])
    print(f"{len(parts)} runs, {D.shape[1]} voxels of {D[..., 0].mean():.1f} atoms")
    for name, value in held_out(D, hcp, groups, min(8, len(parts))).items():
        print(f"  {name}: {value:.3f}")


if __name__ == "__main__":
    main()
