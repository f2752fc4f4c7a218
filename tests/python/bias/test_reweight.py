"""Reweighting of metadynamics: against PLUMED, against the formulas, against exact surfaces."""

import subprocess

import numpy as np
import pytest

from dbar.bias import Hills, bias_grid, final_bias, itre, read_colvar, read_hills, tiwary_parrinello
from harness import BIN, environment
from metadynamics import bin_masses, plumed_run, replicas, well_force

PRINT = "PRINT ARG=s,m.* FILE=COLVAR STRIDE=7 FMT=%.12f"


def shape(dim, n=37, gamma=8.0, seed=1, stretched=True, period=np.inf):
    """Hills of no run in particular."""
    rng = np.random.default_rng(seed)
    return Hills(
        np.arange(1.0, n + 1), rng.uniform(-1, 1, (n, dim)), rng.uniform(0.2, 0.4, (n, dim)),
        rng.uniform(0.1, 0.4, n), gamma, np.full(dim, -1.0), np.full(dim, period),
        tuple("st"[:dim]), stretched,
    )  # fmt: skip


@pytest.mark.parametrize("metad", ["BIASFACTOR=8", ""])
def test_hills_give_the_bias_that_plumed_used(tmp_path, metad):
    lines = [
        "s: EXTRACV NAME=s",
        f"m: METAD ARG=s PACE=50 HEIGHT=0.5 SIGMA=0.15 {metad} FILE=HILLS",
    ]
    plumed_run(tmp_path, [*lines, PRINT], 5001, 11, lambda x: well_force(x), -1.0)
    colvar, hills = read_colvar(tmp_path / "COLVAR"), read_hills(tmp_path / "HILLS")
    assert len(hills) == 100 and hills.stretched and colvar["m.bias"].max() > 2.0
    found = hills.potential(colvar["s"], colvar["time"])
    np.testing.assert_allclose(found, colvar["m.bias"], atol=1e-9)


def test_sum_hills(tmp_path):
    lines = [
        "s: EXTRACV NAME=s",
        "m: METAD ARG=s PACE=50 HEIGHT=0.5 SIGMA=0.15 BIASFACTOR=8 FILE=HILLS",
    ]
    plumed_run(tmp_path, lines, 5001, 11, lambda x: well_force(x), -1.0)
    hills = read_hills(tmp_path / "HILLS")
    words = "sum_hills --hills HILLS --min -2.5 --max 2.5 --bin 200 --fmt %.12f"
    subprocess.run([BIN / "plumed", *words.split()], cwd=tmp_path, env=environment(), check=True)
    # PLUMED sums the kernels with the heights of the file: minus the free energy
    grid, F = np.loadtxt(tmp_path / "fes.dat")[:, :2].T
    np.testing.assert_allclose(-hills.potential(grid) * 8 / 7, F, atol=1e-6)


def test_two_variables_one_of_them_periodic(tmp_path):
    lines = [
        "s: EXTRACV NAME=s",
        "q: EXTRACV NAME=q",
        "t: CUSTOM ARG=q FUNC=x PERIODIC=-pi,pi",
        "m: METAD ARG=s,t PACE=20 HEIGHT=0.5 SIGMA=0.15,0.5 BIASFACTOR=8 FILE=HILLS",
        "PRINT ARG=s,t,m.bias FILE=COLVAR STRIDE=7 FMT=%.12f",
    ]
    force = lambda x: np.array([well_force(x[0]), 0.3])  # noqa: E731
    plumed_run(tmp_path, lines, 6001, 12, force, (-1.0, 3.0), names=("s", "q"))
    colvar, hills = read_colvar(tmp_path / "COLVAR"), read_hills(tmp_path / "HILLS")
    assert hills.names == ("s", "t") and colvar["t"].max() > 3.0 and colvar["t"].min() < -3.0
    np.testing.assert_allclose(hills.period, [np.inf, 2 * np.pi])
    s = np.column_stack([colvar["s"], colvar["t"]])
    np.testing.assert_allclose(hills.potential(s, colvar["time"]), colvar["m.bias"], atol=1e-9)


def test_restart(tmp_path):
    """The second run begins before the first one ended, as after a crash behind a checkpoint."""
    lines = [
        "s: EXTRACV NAME=s",
        "m: METAD ARG=s PACE=50 HEIGHT=0.5 SIGMA=0.15 BIASFACTOR=8 FILE=HILLS",
    ]
    plumed_run(tmp_path, [*lines, PRINT], 3001, 11, lambda x: well_force(x), -1.0)
    plumed_run(tmp_path, [*lines, PRINT], 3001, 13, lambda x: well_force(x), -0.5, first=2002)
    assert (tmp_path / "HILLS").read_text().count("FIELDS") == 2
    colvar = read_colvar(tmp_path / "COLVAR")
    hills = read_hills(tmp_path / "HILLS", colvar)
    assert (np.diff(colvar["time"]) > 0).all() and set(colvar.segment) == {0, 1}
    assert len(hills) == 60 + 60
    found = hills.potential(colvar["s"], colvar["time"])
    np.testing.assert_allclose(found, colvar["m.bias"], atol=1e-9)


def test_c_of_tiwary_and_parrinello_is_plumeds(tmp_path):
    grid = "GRID_MIN=-3 GRID_MAX=3 GRID_BIN=600 CALC_RCT RCT_USTRIDE=1"
    lines = [
        "s: EXTRACV NAME=s",
        f"m: METAD ARG=s PACE=50 HEIGHT=0.5 SIGMA=0.15 BIASFACTOR=8 FILE=HILLS {grid}",
        PRINT,
    ]
    plumed_run(tmp_path, lines, 8001, 14, lambda x: well_force(x), -1.0)
    colvar, hills = read_colvar(tmp_path / "COLVAR"), read_hills(tmp_path / "HILLS")
    axes = [np.linspace(-3.0, 3.0, 601)]
    found = tiwary_parrinello(colvar["s"], colvar["time"], hills, 1.0, grid=axes)
    assert colvar["m.rct"].max() > 3.0
    # where a hill is laid down PLUMED prints the old bias with the new c
    same = np.arange(len(colvar)) * 7 % 50 > 0
    np.testing.assert_allclose(found.c[same], colvar["m.rct"][same], atol=1e-6)
    # PLUMED's bias comes from splines here
    np.testing.assert_allclose(found.log_weights, colvar["m.bias"] - found.c, atol=1e-3)


@pytest.mark.parametrize("gamma", [8.0, np.inf])
def test_c_of_tiwary_and_parrinello_is_the_formula(gamma):
    hills, kT, axis = shape(1, gamma=gamma), 0.7, np.linspace(-2, 2, 41)
    time, s = np.arange(0.5, 30.0, 2.0), np.linspace(-1, 1, 15)
    found = tiwary_parrinello(s, time, hills, kT, grid=[axis])
    for k, t in enumerate(time):
        V = [hills.potential(np.array([x]), np.array([t]))[0] for x in axis]
        power = 1.0 if np.isinf(gamma) else gamma / (gamma - 1)
        low = 0.0 if np.isinf(gamma) else 1 / (gamma - 1)
        up = sum(np.exp(power * v / kT) for v in V)
        down = sum(np.exp(low * v / kT) for v in V)
        assert found.c[k] == pytest.approx(kT * np.log(up / down), abs=1e-12)


def brute(s, time, hills, kT, iterations, extra):
    """The formula of ITRE as it stands, frame by frame, each kernel by itself."""

    def V(x, t):
        total = 0.0
        for h in range(len(hills)):
            if hills.time[h] < t:
                half = 0.0
                for k in range(hills.dim):
                    off = x[k] - hills.centre[h, k]
                    if np.isfinite(hills.period[k]):
                        off -= hills.period[k] * round(off / hills.period[k])
                    half += 0.5 * (off / hills.sigma[h, k]) ** 2
                if half < 6.25:
                    edge = np.exp(-6.25) if hills.stretched else 0.0
                    total += hills.height[h] * (np.exp(-half) - edge) / (1 - edge)
        return total

    n = len(s)
    table = np.array([[V(s[i], time[j]) for j in range(n)] for i in range(n)])
    c = np.zeros(n)
    for _ in range(iterations):
        new = np.zeros(n)
        for t in range(n):
            up = down = 0.0
            for i in range(t + 1):
                w = np.exp((table[i, i] + extra[i] - c[i]) / kT)
                up, down = up + w * np.exp(-table[i, t] / kT), down + w
            new[t] = -kT * np.log(up / down)
        c = new
    return c


@pytest.mark.parametrize("dim", [1, 2])
@pytest.mark.parametrize("stretched", [True, False])
@pytest.mark.parametrize("period", [np.inf, 2.0])
def test_itre_is_the_formula(dim, stretched, period):
    # kT far from 1: beta and kT cannot be mixed up
    hills, kT = shape(dim, stretched=stretched, period=period), 0.35
    rng = np.random.default_rng(6)
    time = np.sort(rng.uniform(0.0, 40.0, 60))
    s, extra = rng.uniform(-1, 1, (60, dim)), rng.uniform(0, 0.2, 60)
    found = itre(s, time, hills, kT, iterations=6, extra=extra)
    for n in (1, 2, 6):
        expected = brute(s, time, hills, kT, n, extra)
        np.testing.assert_allclose(found.history[n], expected, atol=1e-10)
    own = hills.potential(s, time)
    np.testing.assert_allclose(found.log_weights, (own + extra - found.c) / kT, atol=1e-10)


def test_itre_with_a_bias_of_thousands_of_kt():
    """Sums of exponentials that no common factor keeps in range, against logarithms of sums."""
    hills = shape(1)
    tall = Hills(**{**hills.__dict__, "height": hills.height * 1e4})
    time, s = np.arange(0.5, 38.0), np.random.default_rng(2).uniform(-1, 1, 38)
    found = itre(s, time, tall, 1.0, iterations=1)
    V = np.array([tall.potential(s, np.full(38, t)) for t in time])  # [t, frame]
    for t in range(38):
        w = np.diag(V)[: t + 1]
        expected = np.logaddexp.reduce(w) - np.logaddexp.reduce(w - V[t, : t + 1])
        assert found.c[t] == pytest.approx(expected, abs=1e-9 * V.max())
    assert np.isfinite(itre(s, time, tall, 1.0, iterations=5).log_weights).all()


@pytest.fixture(scope="module")
def long_run():
    """One converged run: 5,000 hills, 25,000 frames, by a code of its own."""
    runs = replicas(1, 10_000_000, seed=15, pace=2000, every=400)
    return runs.s[0], runs.time, runs.hills(0)


@pytest.mark.parametrize("estimator", ["itre", "final", "tiwary"])
def test_estimators_find_the_double_well(long_run, estimator):
    s, time, hills = long_run
    if estimator == "itre":
        s, time = s[::2], time[::2]
        result = itre(s, time, hills, 1.0, iterations=12)
        assert result.change[-1] < 1e-3
        logw = result.log_weights
    elif estimator == "final":
        # the bias moves while hills are laid: a run whose last hill is laid after a fifth of it
        fixed = replicas(1, 10_000_000, seed=16, pace=2000, every=400, last=2_000_000)
        s = fixed.s[0][len(s) // 5 :]
        logw = final_bias(s, fixed.hills(0), 1.0).log_weights
    else:
        logw = tiwary_parrinello(s, time, hills, 1.0).log_weights
    edges = np.linspace(-1.8, 1.8, 25)
    p, _ = np.histogram(s, edges, weights=np.exp(logw - logw.max()))
    mass = bin_masses(edges)
    live = -np.log(mass / mass.max()) < 6.0
    off = -np.log(p / p.sum())[live] + np.log(mass[live])
    assert np.abs(off - np.median(off)).max() < 0.1, (estimator, off)


def test_grid_of_a_periodic_variable():
    hills = shape(2, period=2.0)
    axes = bias_grid(hills, spacing=[0.3, 0.5])
    assert [len(axis) for axis in axes] == [7, 4] and axes[1][0] == -1.0 and axes[1][-1] == 0.5
    assert bias_grid(shape(1), lower=-3, upper=3, spacing=0.5)[0].tolist() == list(
        np.arange(-3, 3.1, 0.5)
    )


def test_bad_files_and_values(tmp_path):
    path = tmp_path / "HILLS"
    head = "#! FIELDS time s sigma_s height biasf\n#! SET multivariate false\n"
    for text, message in (
        ("1 2 3\n", "expected a line '#! FIELDS ...' first"),
        ("", "no line '#! FIELDS ...'"),
        (head + "1 2 3\n4 5 6 7 8\n", "HILLS:3: found 3 fields, expected 5"),
        (head + "1 2 3 x 5\n4", "HILLS:3: could not convert string to float: 'x'"),
        (head + "1 0 1 1 8\n2 0 1 1 9\n", r"the bias factor changes: \[8.0, 9.0\]"),
        (head + "2 0 1 1 8\n1 0 1 1 8\n", "time goes back without a restart"),
        (head + head.replace("height", "h"), "fields time s sigma_s h biasf, expected those"),
        (head.replace("false", "true"), "hills with a covariance are not read"),
        ("#! FIELDS time s\n", "expected columns of METAD, found time, s"),
    ):
        path.write_text(text)
        with pytest.raises(ValueError, match=message):
            read_hills(path)
    path.write_text(head + "1 0 1 1 8\n2 0 1")  # killed while it wrote
    assert len(read_hills(path)) == 1
    hills, time = shape(1), np.arange(3.0)
    for arguments, message in (
        ((time, time, hills, 0.0), "kT: found 0.0, expected a positive energy"),
        ((time, time[::-1], hills, 1.0), "time: expected 3 increasing numbers"),
        ((np.ones((3, 2)), time, hills, 1.0), r"s: found shape \(3, 2\), expected \(T, 1\)"),
        ((time * np.nan, time, hills, 1.0), "s: found a value that is not finite"),
        ((time[:0], time[:0], hills, 1.0), "s: found no frames"),
    ):
        with pytest.raises(ValueError, match=message):
            itre(*arguments)
    with pytest.raises(ValueError, match="iterations: found 0"):
        itre(time, time, hills, 1.0, iterations=0)
    with pytest.raises(ValueError, match=r"extra: found shape \(2,\)"):
        final_bias(time, hills, 1.0, extra=[0.0, 1.0])
