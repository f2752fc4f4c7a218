"""What contracted radial functions keep: overlaps, reconstruction errors, channels, targets.

    python benchmarks/basis_study.py [overlap] [gfre] [molecules] [supervised] [--json FILE]

All data are made here, with fixed seeds:

- **silicon**: diamond, bcc, fcc and simple cubic, strained by 4 % and up to 8 % in volume, atoms
  displaced by 0.05 to 0.4 A, less where atoms would come nearer than 1.9 A.
- **molecules**: those of ASE's G2 set that have H, C, N, O and F alone, displaced by 0.05 A.
- **copper**: fcc, bcc and hcp, strained and displaced, with the energies of ASE's EMT.

``overlap``: contracted functions from 12 orbitals (gto) and from 20 shells (dvr), fitted to the same
silicon; |int r^2 I I' dr| over their norms, on [0, Rcut]. ``gfre``: error of the power spectrum of
few functions, optimal ones and primitive ones, towards that of all functions (2,800 environments,
Rcut 6 A, lmax 4; half of them train). ``molecules``: channels that leave 1e-4 of the variance around
carbon. ``supervised``: errors in energy, of 80 structures not fitted to, with functions of l = 0 from
principal components, from principal covariates regression as it is, and made orthonormal.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
from ase.build import bulk, molecule
from ase.calculators.emt import EMT
from ase.data.g2 import molecule_names
from sklearn.linear_model import RidgeCV

from dbar.basis import BasisFit, optimal_basis
from dbar.basis.pcovr import covariates, projector, regression
from dbar.descriptors import Expansion
from dbar.measures import gfre

LMAX = 4
LATTICES = [
    ("diamond", 5.43, 2),
    ("diamond", 5.43, 2),
    ("bcc", 3.1, 3),
    ("fcc", 3.9, 3),
    ("sc", 2.6, 3),
]
ELEMENTS = ["H", "C", "N", "O", "F"]


def silicon(count=2800, seed=1):
    """Configurations with at least `count` atoms, none nearer than 1.9 A to another."""
    rng = np.random.default_rng(seed)
    frames = []
    while sum(map(len, frames)) < count:
        name, a, times = LATTICES[len(frames) % len(LATTICES)]
        atoms = bulk("Si", name, a=a, cubic=True) * (times, times, times)
        strain = (np.eye(3) + rng.normal(0, 0.04, (3, 3))) * rng.uniform(0.92, 1.08)
        atoms.set_cell(atoms.cell @ strain, scale_atoms=True)
        moves = rng.normal(0, rng.uniform(0.05, 0.4), atoms.positions.shape)
        while True:
            moved = atoms.copy()
            moved.positions += moves
            distances = moved.get_all_distances(mic=True)
            if distances[np.triu_indices(len(moved), 1)].min() > 1.9:
                break
            moves *= 0.9
        frames.append(moved)
    return frames


def molecules(copies=1, seed=0):
    """Displaced molecules of the G2 set."""
    rng = np.random.default_rng(seed)
    frames = [molecule(name) for name in molecule_names for _ in range(copies)]
    frames = [atoms for atoms in frames if set(atoms.get_chemical_symbols()) <= set(ELEMENTS)]
    for atoms in frames:
        atoms.positions += rng.normal(0, 0.05, atoms.positions.shape)
    return frames


def copper(count=240, seed=1):
    """Configurations with an EMT energy."""
    rng = np.random.default_rng(seed)
    kinds = [
        ("fcc", 3.6, True, (2, 2, 2)),
        ("bcc", 2.9, True, (3, 3, 2)),
        ("hcp", 2.55, False, (3, 3, 2)),
    ]
    frames = []
    for k in range(count):
        name, a, cubic, times = kinds[k % 3]
        atoms = bulk("Cu", name, a=a, **({"cubic": True} if cubic else {})) * times
        strain = (np.eye(3) + rng.normal(0, 0.03, (3, 3))) * rng.uniform(0.95, 1.1)
        atoms.set_cell(atoms.cell @ strain, scale_atoms=True)
        atoms.positions += rng.normal(0, rng.uniform(0.02, 0.3), atoms.positions.shape)
        atoms.calc = EMT()
        frames.append(atoms)
    return frames


def coefficients(frames, expansion, count=None):
    """c of all atoms, (atoms, channels, (lmax + 1)^2)."""
    c = np.concatenate([expansion.per_atom(atoms) for atoms in frames])
    return c.reshape(len(c), -1, (expansion.lmax + 1) ** 2)[:count]


def contracted(c, functions):
    """The same of contracted functions (lmax + 1, q, channels)."""
    parts = [U @ c[:, :, d * d : (d + 1) ** 2] for d, U in enumerate(functions)]
    return np.concatenate(parts, axis=2)


def power_spectrum(c):
    """B_qq'l = sum_m c c / sqrt(2l+1), q <= q', times sqrt 2 where they differ."""
    channels, degrees = c.shape[1], int(np.sqrt(c.shape[2]))
    q, p = np.triu_indices(channels)
    twice = np.where(q == p, 1.0, np.sqrt(2.0))
    parts = []
    for d in range(degrees):
        z = c[:, :, d * d : (d + 1) ** 2]
        parts.append((z @ z.swapaxes(1, 2))[:, q, p] * twice / np.sqrt(2 * d + 1))
    return np.concatenate(parts, axis=1)


def overlaps(one, other, degree):
    """|<I_q, I'_q>| of the functions of two bases of one species, over their norms."""
    x, w = np.polynomial.legendre.leggauss(300)
    r, w = 0.5 * one.rcut * (x + 1), 0.5 * one.rcut * w
    f, g = (basis.functions(degree, r)[0, 0] for basis in (one, other))
    weight = w * r**2
    norms = np.sqrt((f**2 @ weight) * (g**2 @ weight))
    return np.abs((f * g) @ weight) / norms


def overlap_study(frames, rcut, sigma, q=6):
    """Overlaps at l = 0 and 4, and the share of the first eigenvalue that the last function has."""
    bases = [
        optimal_basis(frames, Expansion(rcut, nmax=n, lmax=LMAX, basis=basis, sigma=sigma), qmax=q)
        for basis, n in (("gto", 12), ("dvr", 20))
    ]
    found = {degree: overlaps(*bases, degree) for degree in (0, LMAX)}
    values = bases[1].eigenvalues[0, 0]
    return found, {degree: values[degree, q - 1] / values[degree, 0] for degree in found}


def gfre_study(frames, basis, nmax, sigma, sizes=(2, 4, 6, 8, 10), rcut=6.0, count=2800):
    """Rows (q, optimal, gto, dvr) of errors towards the power spectrum of `nmax` functions."""

    def expansion(basis, n):
        return Expansion(rcut, nmax=n, lmax=LMAX, basis=basis, sigma=sigma)

    full = expansion(basis, nmax)
    best = optimal_basis(frames, full, qmax=max(sizes))
    c = coefficients(frames, full, count)
    target = power_spectrum(c)
    rows = []
    for q in sizes:
        few = [power_spectrum(contracted(c, best.truncated(q).matrices[0, 0]))]
        few += [
            power_spectrum(coefficients(frames, expansion(b, q), count)) for b in ("gto", "dvr")
        ]
        rows.append([q, *(gfre(B, target) for B in few)])
    return target.shape, rows


def molecule_study(frames, lmax, share=1e-4):
    """Channels around carbon that leave out at most `share`: mixed, separate."""
    carbon = ELEMENTS.index("C")
    out = []
    for mixed in (True, False):
        primitive = Expansion(4.0, nmax=20, lmax=lmax, basis="dvr", sigma=0.3, species=ELEMENTS)
        basis = optimal_basis(frames, primitive, qmax=1, mixed=mixed, per_centre=True)
        left = basis.residual_variances()[carbon]
        q = int(np.argmax(left < share)) + 1
        out.append((q if mixed else q * len(ELEMENTS), left[q - 1]))
    return out


def supervised_study(frames, sizes=(1, 2, 4, 6), order=2, lmax=3):
    """Rows (q, RMSE with principal components, with PCovR as it is, with PCovR orthonormal)."""
    y = np.array([atoms.get_potential_energy() / len(atoms) for atoms in frames])
    train, test = np.arange(len(y)) < 2 * len(y) // 3, np.arange(len(y)) >= 2 * len(y) // 3
    expansion = Expansion(5.0, nmax=20, lmax=lmax, basis="dvr", sigma=0.4)
    fit = BasisFit(expansion)
    for atoms, value in zip(frames, y, strict=True):
        if train[fit.frames]:
            fit.add(atoms, value)
        if fit.frames == train.sum():
            break
    sums = fit._sums
    C = sums.products[0, 0, 0] / sums.environments[0]
    weights = regression(*sums.moments[0].snapshots())
    raw = projector(C, *weights, 0.1).T
    functions = fit.basis(qmax=20, mixing=1.0).matrices[0, 0]
    choices = {"pca": functions[0], "raw": raw / np.linalg.norm(raw[0])}
    choices["orthonormal"] = covariates(C, *weights, 0.1)
    c = [coefficients([atoms], expansion) for atoms in frames]
    rows = []
    for q in sizes:
        row = [q]
        for first in choices.values():
            U = [first[:q], *functions[1:, :q]]
            B = [contracted(each, U) for each in c]
            X = [
                np.hstack([b[:, :, 0], power_spectrum(b)])[:, : None if order == 2 else q]
                for b in B
            ]
            X = np.array([x.mean(axis=0) for x in X])
            X = (X - X[train].mean(axis=0)) / np.sqrt(X[train].var(axis=0).sum())
            model = RidgeCV(alphas=np.geomspace(1e-12, 1, 25)).fit(X[train], y[train])
            row.append(float(np.sqrt(np.mean((model.predict(X[test]) - y[test]) ** 2))))
        rows.append(row)
    return np.linalg.norm(raw, axis=1), rows


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    studies = ["overlap", "gfre", "molecules", "supervised"]
    parser.add_argument("study", nargs="*", choices=[[], *studies], default=[])
    parser.add_argument("--json", help="also write the numbers to this file")
    args = parser.parse_args()
    asked, found = args.study or studies, {}
    frames = silicon()
    if "overlap" in asked:
        print(f"overlap, {sum(map(len, frames))} silicon environments, lmax {LMAX}, six functions")
        for rcut in (5.0, 6.0):
            for sigma in (0.3, 0.4, 0.5, 0.6):
                each, left = overlap_study(frames, rcut, sigma)
                found[f"overlap {rcut} {sigma}"] = {d: v.tolist() for d, v in each.items()}
                for degree, values in each.items():
                    text = " ".join(f"{v:.5f}" for v in values)
                    print(
                        f"  Rcut {rcut:g} sigma {sigma:g} l {degree}: {text}   {left[degree]:.1e}"
                    )
    if "gfre" in asked:
        for sigma, basis, nmax in ((0.5, "gto", 12), (0.5, "dvr", 14), (0.3, "gto", 12)):
            shape, rows = gfre_study(frames, basis, nmax, sigma)
            found[f"gfre {sigma} {basis} {nmax}"] = rows
            print(f"gfre towards {basis}({nmax}), sigma {sigma}: {shape[0]} x {shape[1]}")
            print("  q   optimal   gto       dvr")
            for q, *errors in rows:
                print(f"  {q:<3} " + "  ".join(f"{e:.5f} " for e in errors))
    if "molecules" in asked:
        for copies in (1, 20):
            for lmax in (4, 6, 8):
                (mixed, rv), (separate, rv2) = molecule_study(molecules(copies), lmax)
                found[f"molecules {copies} {lmax}"] = [mixed, rv, separate, rv2]
                print(
                    f"molecules x {copies}, lmax {lmax}: {mixed} mixed channels ({rv:.1e}), "
                    f"{separate} separate ({rv2:.1e}) of 100"
                )
    if "supervised" in asked:
        for order in (1, 2):
            norms, rows = supervised_study(copper(), order=order)
            found[f"supervised {order}"] = rows
            print(f"supervised, order {order}, RMSE in meV/atom; norms of PCovR's columns "
                  f"{norms[:8].min():.2g} to {norms[:8].max():.3g}")  # fmt: skip
            print("  q   pca      pcovr    orthonormal")
            for q, *errors in rows:
                print(f"  {q:<3} " + "  ".join(f"{1e3 * e:7.2f}" for e in errors))
    if args.json:
        with open(args.json, "w") as file:
            json.dump(found, file)


if __name__ == "__main__":
    main()
