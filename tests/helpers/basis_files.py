"""Contents of basis files that were not fitted: any numbers will do."""

import numpy as np

from dbar import __version__


def basis_content(species, mixed=False, per_centre=False, seed=0, **given):
    """The content of a `dbar-basis/1` file with seeded matrices [block][a][l][q][n]."""
    about = {"rcut": 4.5, "sigma": 0.4, "basis": "gto", "nmax": 5, "lmax": 3, "qmax": 3, **given}
    blocks = len(species) if per_centre else 1
    shape = blocks, len(species), about["lmax"] + 1, about["qmax"], about["nmax"]
    matrices = np.random.default_rng(seed).normal(size=shape)
    return {
        "schema": "dbar-basis/1",
        "created_by": f"dbar {__version__}",
        "rcut": about["rcut"],
        "sigma": about["sigma"],
        "width": 0.5,
        "primitive": {"basis": about["basis"], "nmax": about["nmax"]},
        "lmax": about["lmax"],
        "qmax": about["qmax"],
        "species": list(species),
        "mixed": mixed,
        "per_centre": per_centre,
        "matrices": matrices.tolist(),
        "eigenvalues": [],
        "environments": [1] * blocks,
        "residual_variance": [0.0] * blocks,
    }
