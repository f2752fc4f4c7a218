"""Model systems under metadynamics, their exact free energies, and PLUMED to drive them."""

from dataclasses import dataclass

import numba
import numpy as np
import plumed

from dbar.bias import Hills


def well(x):
    """Double well with barriers of about 4.3 and 5.7 kT, minima that differ by 1.4 kT."""
    return 5.0 * (x * x - 1.0) ** 2 + 0.7 * x


def well_force(x):
    return -20.0 * (x * x - 1.0) * x - 0.7


def bin_masses(edges, potential=well):
    """Probabilities of the bins between `edges` (kT = 1), integrated with a million points."""
    grid = np.linspace(-4.0, 4.0, 1_000_001)
    total = np.concatenate([[0.0], np.cumsum(np.exp(-potential(grid)))])
    inside = np.searchsorted(grid, edges)
    return np.diff(total[inside]) / total[-1]


def plumed_run(folder, lines, steps, seed, force, start, dt=0.005, first=0, names=("s",)):
    """Overdamped Langevin dynamics (kT = 1) of variables that PLUMED biases as EXTRACV.

    The scheme of Leimkuhler and Matthews samples with an error of order dt^2. Returns the last
    values; files named in `lines` are relative to `folder`.
    """
    p = plumed.Plumed()
    p.cmd("setNatoms", 1)
    p.cmd("setMDEngine", "test")
    p.cmd("setTimestep", dt)
    p.cmd("setKbT", 1.0)
    p.cmd("setNoVirial")
    p.cmd("setLogFile", str(folder / "log.plumed"))
    if first:
        p.cmd("setRestart", 1)
    p.cmd("init")
    for line in lines:
        p.cmd("readInputLine", line.replace("FILE=", f"FILE={folder}/"))
    x = [np.array([float(v)]) for v in np.atleast_1d(start)]
    f = [np.zeros(1) for _ in x]
    unused = [np.ones(1), np.zeros((1, 3)), np.zeros((1, 3))]
    noise = np.random.default_rng(seed).normal(size=(steps + 1, len(x))) * np.sqrt(dt / 2)
    for step in range(steps):
        p.cmd("setStep", first + step)
        for word, array in zip(("setMasses", "setPositions", "setForces"), unused, strict=True):
            p.cmd(word, array)
        for name, value, push in zip(names, x, f, strict=True):
            push[:] = 0.0
            p.cmd(f"setExtraCV {name}", value)
            p.cmd(f"setExtraCVForce {name}", push)
        p.cmd("calc")
        own = np.atleast_1d(force(np.array([v[0] for v in x])))
        for k, value in enumerate(x):
            value[0] += dt * (own[k] + f[k][0]) + noise[step, k] + noise[step + 1, k]
    p.finalize()
    return np.array([v[0] for v in x])


@numba.njit(cache=False)
def _run(noise, pace, every, sigma, height, gamma, lo, width, bins, dt, x, last):
    steps = len(noise) - 1
    s, hills = np.empty(steps // every), np.empty(((steps - 1) // pace, 2))
    bias, push = np.zeros(bins), np.zeros(bins)
    for t in range(steps):
        if t % every == 0:
            s[t // every] = x
        place = (x - lo) / width
        k = int(place)
        part = place - k
        f = push[k] * (1.0 - part) + push[k + 1] * part
        if t % pace == 0 and t:
            v = bias[k] * (1.0 - part) + bias[k + 1] * part
            h = height * np.exp(-v / (gamma - 1.0)) if t <= last else 0.0
            hills[t // pace - 1] = x, h
            for g in range(bins):
                off = (lo + g * width - x) / sigma
                if off * off < 12.5:
                    e = h * np.exp(-0.5 * off * off)
                    bias[g] += e
                    push[g] += e * off / sigma
        x += dt * (-20.0 * (x * x - 1.0) * x - 0.7 + f) + noise[t] + noise[t + 1]
    return s, hills


@dataclass
class Replicas:
    """Frames s (runs, T) at `time` (T,), and hills laid (runs, H, 2): centre, height of the bias."""

    s: np.ndarray
    time: np.ndarray
    laid: np.ndarray
    laid_time: np.ndarray
    sigma: float
    gamma: float

    def hills(self, run):
        centre, height = self.laid[run].T
        none = np.full(1, np.inf)
        return Hills(
            self.laid_time, centre[:, None], np.full((len(centre), 1), self.sigma), height,
            self.gamma, -none, none, ("s",), stretched=False,
        )  # fmt: skip


def replicas(runs, steps, seed, pace, every, sigma=0.2, height=0.6, gamma=6.0, dt=0.004, last=None):
    """Independent well-tempered runs in the double well (kT = 1), by a code of their own.

    The bias lies on a grid 10 times finer than its kernels. Half of the runs begin in each well.
    No hill is laid after step `last`.
    """
    s, laid = [], []
    for run in range(runs):
        noise = np.random.default_rng([seed, run]).normal(size=steps + 1) * np.sqrt(dt / 2)
        start = -1.0 if run % 2 else 0.95
        one = _run(
            noise,
            pace,
            every,
            sigma,
            height,
            gamma,
            -3.0,
            0.02,
            301,
            dt,
            start,
            steps if last is None else last,
        )
        s.append(one[0])
        laid.append(one[1])
    time, laid_time = (
        dt * n * np.arange(m) for n, m in ((every, len(s[0])), (pace, len(laid[0]) + 1))
    )
    return Replicas(np.array(s), time, np.array(laid), laid_time[1:], sigma, gamma)
