"""Invariants of the spherical expansion, from featomic and from sums over coefficients."""

import numpy as np


def hypers(rcut, nmax, lmax, sigma, width, center=0.0, scale=None):
    """Arguments of featomic's calculators: no splines, and centre and scaling as it has them."""
    from featomic.basis import Gto, TensorProduct
    from featomic.cutoff import Cutoff, ShiftedCosine
    from featomic.density import Gaussian, Willatt2018

    scaling = None
    if scale:
        rate, r0, exponent = scale
        scaling = Willatt2018(scale=r0, rate=rate, exponent=exponent)
    return {
        "cutoff": Cutoff(radius=rcut, smoothing=ShiftedCosine(width=width)),
        "density": Gaussian(width=sigma, center_atom_weight=center, scaling=scaling),
        "basis": TensorProduct(
            max_angular=lmax, radial=Gto(max_radial=nmax - 1), spline_accuracy=None
        ),
    }


def coefficients(atoms, species, **given):
    """c of each atom by featomic, (atoms, species of the neighbour x nmax, (lmax + 1)^2)."""
    from featomic import SphericalExpansion

    found = SphericalExpansion(**hypers(**given)).compute(atoms)
    nmax, lmax = given["nmax"], given["lmax"]
    out = np.zeros((len(atoms), len(species), nmax, (lmax + 1) ** 2))
    for key, block in found.items():
        l = int(key["o3_lambda"])  # noqa: E741
        a = list(species).index(int(key["neighbor_type"]))
        for sample, values in zip(block.samples["atom"], block.values, strict=True):
            out[int(sample), a, :, l * l : (l + 1) ** 2] += np.asarray(values).T
    return out.reshape(len(atoms), -1, (lmax + 1) ** 2)


def radial_spectrum(c):
    """Order 1, (atoms, channels)."""
    return c[:, :, 0]


def power_spectrum(c):
    """Order 2, (atoms, K), from c."""
    channels, lmax = c.shape[1], int(np.sqrt(c.shape[2])) - 1
    rows = []
    for q in range(channels):
        for p in range(q, channels):
            for l in range(lmax + 1):  # noqa: E741
                m = slice(l * l, (l + 1) ** 2)
                norm = np.sqrt((1 if q == p else 2) / (2 * l + 1))
                rows.append(norm * (c[:, q, m] * c[:, p, m]).sum(axis=1))
    return np.stack(rows, axis=1)


def soap_kernel(atoms, **given):
    """Scalar products of all atoms' power spectra by featomic's SoapPowerSpectrum, those of one centre species only."""
    from featomic import SoapPowerSpectrum

    found = SoapPowerSpectrum(**hypers(**given)).compute(atoms)
    found = found.keys_to_samples("center_type").keys_to_properties(
        ["neighbor_1_type", "neighbor_2_type"]
    )
    block = found.block()
    order = np.argsort(block.samples["atom"])
    values = np.asarray(block.values)[order]
    return values @ values.T


def triples(channels, lmax, parity="even"):
    """((l1, Q1), (l2, Q2), (l3, Q3)) of the components of order 3, in order."""
    keys = [(l, q) for l in range(lmax + 1) for q in range(channels)]  # noqa: E741
    out = []
    for i, a in enumerate(keys):
        for j in range(i, len(keys)):
            b = keys[j]
            for c in keys[j:]:
                if not abs(a[0] - b[0]) <= c[0] <= a[0] + b[0]:
                    continue
                odd = (a[0] + b[0] + c[0]) % 2
                if not odd or (parity == "both" and len({a, b, c}) == 3):
                    out.append((a, b, c))
    return out


def gaunt(l1, l2, l3):
    """Couplings of three degrees with an even sum, [m1, m2, m3], by an integral of three harmonics over the sphere."""
    from expansion_oracles import harmonics

    n = l1 + l2 + l3 + 2
    cosine, w = np.polynomial.legendre.leggauss(n)
    phi = np.pi * np.arange(2 * n) / n
    sine = np.sqrt(1 - cosine**2)[:, None]
    points = np.stack([sine * np.cos(phi), sine * np.sin(phi), cosine[:, None] + 0 * phi], axis=-1)
    Y = harmonics(max(l1, l2, l3), points.reshape(-1, 3))
    parts = [Y[:, n * n : (n + 1) ** 2] for n in (l1, l2, l3)]
    found = np.einsum("p,pa,pb,pc->abc", np.repeat(w, 2 * n), *parts)
    sign = (-1) ** (l1 - l2 + (l1 + l2 + l3) // 2)  # of the Clebsch-Gordan coefficient of m = 0
    return sign * found / np.linalg.norm(found)


def triple_spectrum(c):
    """Order 3, (atoms, K), from c; even parity."""
    lmax = int(np.sqrt(c.shape[2])) - 1
    couplings = {}
    columns = []
    for (l1, q1), (l2, q2), (l3, q3) in triples(c.shape[1], lmax):
        if (l1, l2, l3) not in couplings:
            couplings[l1, l2, l3] = gaunt(l1, l2, l3)
        parts = [c[:, q, n * n : (n + 1) ** 2] for n, q in ((l1, q1), (l2, q2), (l3, q3))]
        columns.append(np.einsum("abc,na,nb,nc->n", couplings[l1, l2, l3], *parts))
    return np.stack(columns, axis=1)


def density_correlations(atoms, species, lmax, nmax, **given):
    """Order 3 by featomic: {(l1, l2, l3): (atoms, Q1, Q2, Q3)}, even and odd sums; each up to its sign."""
    from featomic import SphericalExpansion
    from featomic.clebsch_gordan import DensityCorrelations
    from metatensor import Labels

    density = SphericalExpansion(**hypers(lmax=lmax, nmax=nmax, **given)).compute(atoms)
    density = density.keys_to_properties("neighbor_type").keys_to_samples("center_type")
    correlated = DensityCorrelations(
        n_correlations=2, max_angular=3 * lmax, skip_redundant=False
    ).compute(density, selected_keys=Labels(["o3_lambda"], np.array([[0]])))
    out = {}
    channels = len(species) * nmax
    for key, block in correlated.items():
        l1, l2, l3 = (int(key[f"l_{i}"]) for i in (1, 2, 3))
        if int(key["k_2"]) != l3:
            continue
        values = np.zeros((len(atoms), channels, channels, channels))
        names = [[f"neighbor_{i}_type", f"n_{i}"] for i in (1, 2, 3)]
        names = [
            [a if a in block.properties.names else f"neighbor_type_{i}", b]
            for i, (a, b) in enumerate(names, 1)
        ]
        columns = [
            np.array([list(species).index(int(z)) for z in block.properties[a]]) * nmax
            + np.asarray(block.properties[b])
            for a, b in names
        ]
        found = np.asarray(block.values).reshape(len(block.samples), -1)
        for sample, row in zip(block.samples["atom"], found, strict=True):
            values[int(sample), columns[0], columns[1], columns[2]] = row
        out[l1, l2, l3] = values
    return out
