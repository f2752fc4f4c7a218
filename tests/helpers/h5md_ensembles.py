"""H5MD files of a process that is known: a VAR in three coordinates, seen through descriptors."""

from dataclasses import replace

import numpy as np

from dbar.trajectory import Trajectory, write

DTAU = 0.5
COEF = np.array([[0.90, 0.08, 0.0], [-0.08, 0.90, 0.0], [0.0, 0.0, 0.80]])
SIZE = 8  # descriptors
NOISE = {"pe": 0.02, "press": 0.5}  # standard deviation: per atom, and as it is
DESCRIPTOR = {"family": "bso4", "rcut": 4.7, "words": {"twojmax": "4"}}
_RNG = np.random.default_rng(7)
MIX = np.linalg.qr(_RNG.normal(size=(SIZE, SIZE)))[0]
PE, PRESS = np.array([1.0, -0.5, 0.2]), np.array([0.0, 4.0, 3.0])


def run(seed, n=150, atoms=100):
    """One run and its coordinates z (n, 3), stationary from the start."""
    rng = np.random.default_rng(seed)
    z = np.zeros((n + 100, 3))
    for k in range(1, len(z)):
        z[k] = COEF @ z[k - 1] + rng.normal(size=3)
    z = z[100:]
    rest = 0.05 * rng.normal(size=(n, SIZE - 3))
    x = 5.0 + np.hstack([z, rest]) @ MIX.T
    D = atoms * np.hstack([np.ones((n, 1)), x])
    pe = atoms * (z @ PE - 3.0 + NOISE["pe"] * rng.normal(size=n))
    press = z @ PRESS + 10.0 + NOISE["press"] * rng.normal(size=n)
    step = 100 * np.arange(1, n + 1)
    traj = Trajectory(
        D=D, time=DTAU * np.arange(1, n + 1), step=step,
        observables={"pe": pe, "press": press, "natoms": np.full(n, float(atoms))},
        parameters={"units": "metal", "descriptor": DESCRIPTOR},
    )  # fmt: skip
    return traj, z


def write_runs(folder, count, n=150, first_seed=100, **changes):
    """Files run0.h5md ...; replica k has 100 + k atoms. Returns their paths as strings."""
    paths = []
    for k in range(count):
        traj, _ = run(first_seed + k, n, 100 + k)
        paths.append(str(folder / f"run{k}.h5md"))
        write(paths[-1], replace(traj, **changes))
    return paths
