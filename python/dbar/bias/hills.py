"""Bias potential of metadynamics, summed from the hills that PLUMED wrote."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dbar.bias.plumed_files import PlumedTable, check_clock, ends, read_table

__all__ = ["Hills", "bias_grid", "read_hills"]

_CUTOFF = 6.25  # PLUMED cuts its kernels where half the squared distance reaches this
_PAIRS = 4_000_000  # kernels evaluated at a time: 100 MB


@dataclass(frozen=True)
class Hills:
    """Gaussian hills in the order in which they were laid down.

    V(s, t) is the sum of those laid down before t: PLUMED adds a hill after it has used the bias.

    Attributes
    ----------
    time : (H,) array
    centre, sigma : (H, d) arrays
    height : (H,) array
        Of the bias. What the file holds is larger by gamma / (gamma - 1), so that PLUMED's tools
        get the free energy as minus the sum; here that factor is taken out.
    biasfactor : float
        gamma; infinite for ordinary metadynamics.
    lower, period : (d,) arrays
        Domain of periodic variables; the period is infinite for others.
    names : tuple of str
    stretched : bool
        Kernels are stretched and shifted to vanish at their cutoff (PLUMED's default), rather than
        cut off.

    Raises
    ------
    ValueError
        A width that is not positive, or a number that is not finite.
    """

    time: np.ndarray
    centre: np.ndarray
    sigma: np.ndarray
    height: np.ndarray
    biasfactor: float
    lower: np.ndarray
    period: np.ndarray
    names: tuple[str, ...]
    stretched: bool = True

    def __post_init__(self):
        columns = [("time", self.time), ("height", self.height)]
        columns += [(name, self.centre[:, k]) for k, name in enumerate(self.names)]
        for name, values in columns:
            _check(name, values, np.isfinite(values), "finite")
        for k, name in enumerate(self.names):
            width = self.sigma[:, k]
            _check(f"sigma_{name}", width, np.isfinite(width) & (width > 0.0), "positive")

    def __len__(self) -> int:
        return len(self.time)

    @property
    def dim(self) -> int:
        """Number d of variables."""
        return self.centre.shape[1]

    def points(self, s) -> np.ndarray:
        """Values of the variables as an array (T, d); (T,) is taken as one variable."""
        s = np.asarray(s, dtype=float)
        s = s[:, None] if s.ndim == 1 else s
        if s.ndim != 2 or s.shape[1] != self.dim:
            raise ValueError(f"s: found shape {s.shape}, expected (T, {self.dim})")
        if not np.isfinite(s).all():
            raise ValueError("s: found a value that is not finite")
        return s

    def before(self, time) -> np.ndarray:
        """How many hills act on frames at `time` (T,)."""
        time = np.asarray(time, dtype=float)
        # COLVAR has six digits behind the point, HILLS more
        slack = 1e-6 + 1e-9 * np.abs(time)
        return np.searchsorted(self.time, time - slack, side="left")

    def kernels(self, points, start, stop) -> np.ndarray:
        """Hills `start` to `stop` at points (T, d): (T, stop - start)."""
        half = np.zeros((len(points), stop - start))
        for k in range(self.dim):
            off = points[:, k, None] - self.centre[None, start:stop, k]
            if np.isfinite(self.period[k]):
                off -= self.period[k] * np.rint(off / self.period[k])
            half += 0.5 * np.square(off / self.sigma[start:stop, k])
        value = np.exp(-half)
        if self.stretched:
            edge = np.exp(-_CUTOFF)
            value = (value - edge) / (1.0 - edge)
        return np.where(half < _CUTOFF, value, 0.0) * self.height[start:stop]

    def added(self, points, start, stop) -> np.ndarray:
        """Sum (T,) of hills `start` to `stop` at points (T, d), in chunks."""
        out = np.zeros(len(points))
        step = max(1, _PAIRS // max(1, len(points)))
        for a in range(start, stop, step):
            out += self.kernels(points, a, min(a + step, stop)).sum(axis=1)
        return out

    def potential(self, s, time=None) -> np.ndarray:
        """Bias V(s, t).

        Parameters
        ----------
        s : array, shape (T,) or (T, d)
        time : array, shape (T,), optional
            Time of each point; without it all hills count. Costs T x H kernels, half of it with
            times.

        Returns
        -------
        ndarray, shape (T,)
            In the energy unit of the hills.
        """
        points = self.points(s)
        if time is None:
            return self.added(points, 0, len(self))
        count = self.before(time)
        if count.shape != (len(points),):
            raise ValueError(f"time: found shape {count.shape}, expected ({len(points)},)")
        out = np.zeros(len(points))
        step = max(1, _PAIRS // max(1, len(points)))
        for a in range(0, len(self), step):
            b = min(a + step, len(self))
            live = np.flatnonzero(count > a)
            if len(live):
                acting = np.arange(a, b) < count[live, None]
                out[live] += np.sum(self.kernels(points[live], a, b) * acting, axis=1)
        return out


def read_hills(path, colvar: PlumedTable | None = None) -> Hills:
    """Read a HILLS file.

    A restarted run keeps all hills of the file, also those laid down after the time from which it
    restarted; they get that time here. The file itself does not tell it: without `colvar` the time
    of the first hill after the restart stands in.

    Parameters
    ----------
    path : str or Path
    colvar : PlumedTable, optional
        From `read_colvar`, of the same runs.

    Raises
    ------
    ValueError
        For hills of another shape (adaptive metadynamics), a bias factor that changes, several
        walkers in one file, or a file that is not of METAD.
    """
    table = read_table(path)
    names = tuple(name for name in table.columns if f"sigma_{name}" in table.columns)
    if table.constants.get("multivariate") == "true":
        raise ValueError(f"{path}: hills with a covariance are not read; use a fixed SIGMA")
    if not names or "height" not in table.columns or "biasf" not in table.columns:
        raise ValueError(f"{path}: expected columns of METAD, found {', '.join(table.columns)}")
    kernel = table.constants.get("kerneltype", "gaussian")
    if kernel not in ("gaussian", "stretched-gaussian"):
        raise ValueError(f"{path}: kerneltype {kernel}, expected gaussian or stretched-gaussian")
    if "clock" in table.columns:
        raise ValueError(f"{path}: hills of several walkers are not read")
    gamma = _bias_factor(path, table["biasf"])
    if colvar is None:
        begin, segment = table.begin, table.segment
        check_clock(path, table, begin, ", or with the COLVAR of the same runs")
    else:
        begin = colvar.begin
        segment = _runs(path, table, begin)[table.segment]
    # a hair below: the first frame after the restart feels them
    time = np.minimum(table["time"], np.nextafter(ends(begin) - 1e-5, -np.inf)[segment])
    if not (np.diff(time) >= 0).all():
        raise ValueError(f"{path}: time goes back without a restart")
    share = 1.0 if np.isinf(gamma) else (gamma - 1.0) / gamma
    centre = np.column_stack([table[name] for name in names])
    sigma = np.column_stack([table[f"sigma_{name}"] for name in names])
    try:
        lower, period = table.periods(names)
        return Hills(
            time, centre, sigma, table["height"] * share, gamma, lower, period, names,
            kernel == "stretched-gaussian",
        )  # fmt: skip
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _check(name: str, values: np.ndarray, good: np.ndarray, kind: str) -> None:
    if not good.all():
        first = int(np.flatnonzero(~good)[0])
        raise ValueError(
            f"{name}: found {float(values[first])} in hill {first + 1}, expected a {kind} number"
        )


def _bias_factor(path, found: np.ndarray) -> float:
    found = np.unique(found)
    if len(found) > 1:
        raise ValueError(f"{path}: the bias factor changes: {found.tolist()}")
    gamma = float(found[0]) if len(found) else -1.0
    if not (gamma == -1.0 or gamma > 1.0):
        why = "" if gamma != 1.0 else "; 1 is ordinary to an old PLUMED and no bias to a new one"
        raise ValueError(f"{path}: biasf: found {gamma}, expected -1 or more than 1{why}")
    return gamma if gamma > 1.0 else np.inf


def _runs(path, table: PlumedTable, begin: np.ndarray) -> np.ndarray:
    """Index of the run, among those that begin at `begin`, of each run of a file of hills.

    A run that has laid no hill has no header there. Hills belong to a run that began before them;
    who began when is known of all runs, so often only one order is possible.
    """
    first = np.where(np.isnan(table.begin), np.inf, table.begin)
    can = np.where(np.isnan(begin), -np.inf, begin) - 1e-6 - 1e-9 * np.abs(np.nan_to_num(begin))
    several = f"{len(first)} run{'s' if len(first) > 1 else ''}"
    other = f"{path}: holds hills of {several}, the other file of {len(begin)} runs"
    if len(first) > len(begin):
        raise ValueError(other)
    low, high = [], []
    for k in range(len(first)):
        fits = np.flatnonzero(can <= first[k])
        low.append(next((r for r in fits if not low or r > low[-1]), -1))
    for k in reversed(range(len(first))):
        fits = np.flatnonzero(can <= first[k])
        high.append(next((r for r in fits[::-1] if not high or r < high[-1]), -1))
    if len(first) == len(begin) and (bad := np.flatnonzero(can > first)).size:
        raise ValueError(
            f"{path}: run {bad[0] + 1} has a hill at {first[bad[0]]:g}, that of the other file "
            f"begins at {begin[bad[0]]:g}"
        )
    if low != high[::-1] or -1 in low:
        raise ValueError(f"{other}; whose hills these are cannot be told from their times")
    return np.array(low, dtype=int)


def bias_grid(hills: Hills, lower=None, upper=None, spacing=None) -> list[np.ndarray]:
    """Grid points along each variable.

    Parameters
    ----------
    hills : Hills
    lower, upper : sequence of float, optional
        Range of each variable that is not periodic; by default from the centres, with 3 widths
        on both sides.
    spacing : sequence of float, optional
        By default a fifth of the smallest width.

    Returns
    -------
    list of d arrays
        A periodic variable has its domain without the upper end.
    """
    axes = []
    if not len(hills) and (lower is None or upper is None or spacing is None):
        raise ValueError(
            f"grid of {', '.join(hills.names)}: no hills; expected lower, upper and spacing"
        )
    for k in range(hills.dim):
        step = hills.sigma[:, k].min() / 5 if spacing is None else np.atleast_1d(spacing)[k]
        if np.isfinite(hills.period[k]):
            n = max(1, int(np.ceil(hills.period[k] / step)))
            axes.append(hills.lower[k] + hills.period[k] * np.arange(n) / n)
            continue
        centre, wide = hills.centre[:, k], 3.0 * hills.sigma[:, k].max(initial=0.0)
        a = centre.min() - wide if lower is None else np.atleast_1d(lower)[k]
        b = centre.max() + wide if upper is None else np.atleast_1d(upper)[k]
        if not b > a:
            raise ValueError(f"grid of {hills.names[k]}: found {a:g} to {b:g}, expected a range")
        axes.append(np.linspace(a, b, int(np.ceil((b - a) / step)) + 1))
    return axes
