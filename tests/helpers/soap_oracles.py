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
