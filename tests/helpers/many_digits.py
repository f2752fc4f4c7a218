"""Radial integrals in sixty digits, where double precision would lose all of its own."""

import mpmath as mp
import numpy as np


def radial_integrals(nmax, degree, rcut, sigma, r):
    """I_nl(r) of orthonormalised Gaussian-type orbitals, (nmax, radii): S^-1/2 and 1F1 by mpmath."""
    with mp.workdps(60):
        d = [mp.mpf(nmax) ** 2 / (2 * mp.mpf(rcut) ** 2 * max(n, 1)) for n in range(nmax)]
        norm = [
            mp.sqrt(2 * (2 * d[n]) ** (n + mp.mpf(3) / 2) / mp.gamma(n + mp.mpf(3) / 2))
            for n in range(nmax)
        ]
        S = mp.matrix(nmax, nmax)
        for n in range(nmax):
            for k in range(nmax):
                a = mp.mpf(n + k + 3) / 2
                S[n, k] = norm[n] * norm[k] * mp.gamma(a) / (2 * (d[n] + d[k]) ** a)
        values, vectors = mp.eigsy(S)
        root = vectors * mp.diag([1 / mp.sqrt(v) for v in values]) * vectors.T
        c, b = 1 / (2 * mp.mpf(sigma) ** 2), degree + mp.mpf(3) / 2
        out = np.empty((nmax, len(r)))
        for j, distance in enumerate(r):
            x = mp.mpf(float(distance))
            primitive = []
            for n in range(nmax):
                a = mp.mpf(n + degree + 3) / 2
                inner = mp.hyp1f1(a, b, c**2 * x**2 / (c + d[n]))
                front = (2 * mp.pi * c) ** (mp.mpf(3) / 4) * mp.exp(-c * x**2) * (c * x) ** degree
                primitive.append(
                    norm[n] * front * mp.gamma(a) / mp.gamma(b) * (c + d[n]) ** (-a) * inner
                )
            for n in range(nmax):
                out[n, j] = float(mp.fsum(root[n, k] * primitive[k] for k in range(nmax)))
        return out
