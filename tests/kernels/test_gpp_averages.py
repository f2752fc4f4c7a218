"""Averages of pairs over Gaussian packets against quadratures, and the bare functions against other splines."""

import mpmath
import numpy as np
import pytest
from scipy.interpolate import CubicHermiteSpline

from dbar import _kernels
from harness import POTENTIALS
from packet_oracles import copper, cut, packet_mean, tables

FILES = {
    "efs": (lambda: copper(), (0, 0), (4.29, 4.32)),
    "alloy": (lambda: tables("Cu_mishin1.eam.alloy", "Cu"), (0, 0), (5.50679,)),
    "alloy of two": (lambda: tables("CuNi.eam.alloy", "Cu", "Ni"), (0, 1), (6.394332378,)),
    "fs of two": (lambda: tables("AlFe_mm.eam.fs", "Fe", "Al"), (1, 0), (6.5,)),
}


def places(cutoff, count=60, smax=0.05, seed=0):
    """Distances and sums of variances down to those of 1 K, where the average is not nothing."""
    rng = np.random.default_rng(seed)
    S = 10 ** rng.uniform(-4.8, np.log10(2.0 * smax), count)
    return rng.uniform(2.1, cutoff + 3.0 * np.sqrt(S)), S


@pytest.mark.parametrize("case", FILES)
def test_averages_are_those_of_quadrature(case):
    """To 1e-7 eV, and 3e-8 of the density near by. The largest errors are those of S below 1e-4 where a table has kinks."""
    make, (a, b), breaks = FILES[case]
    potential = make()
    V = cut(lambda r: potential.bare_pair(a, b, r), max(breaks))
    phi = cut(lambda r: potential.bare_density(a, b, r), max(breaks))
    R, S = places(potential.cutoff)
    exact = []
    for r, s in zip(R, S, strict=True):
        m = packet_mean(phi, r, s, breaks)
        w = packet_mean(lambda x: (phi(x) - m) ** 2, r, s, breaks)  # noqa: B023
        exact.append((packet_mean(V, r, s, breaks), m, w))
    V, m, w = np.array(exact).T
    largest = abs(potential.density(a, b, 2.4, 0.0)[0])
    np.testing.assert_allclose(potential.pair(a, b, R, S)[0], V, rtol=0, atol=1e-7)
    np.testing.assert_allclose(potential.density(a, b, R, S)[0], m, rtol=0, atol=3e-8 * largest)
    np.testing.assert_allclose(
        potential.density_variance(a, b, R, S)[0], w, rtol=0, atol=3e-8 * largest**2
    )


@pytest.mark.parametrize("case", FILES)
def test_slopes(case):
    """By R and S: those of the tables themselves by finite differences, and the heat equation between them."""
    make, (a, b), _ = FILES[case]
    potential = make()
    R, S = places(potential.cutoff, 40, seed=1)
    R = np.minimum(R, potential.cutoff)
    for average in (potential.pair, potential.density, potential.density_variance):
        _, fR, fS = average(a, b, R, S)
        size = abs(average(a, b, np.full(9, 2.4), 0.01 * np.arange(1, 10))[1]).max()
        h, k = 1e-5, 1e-3 * S
        by_R = (average(a, b, R + h, S)[0] - average(a, b, R - h, S)[0]) / (2 * h)
        np.testing.assert_allclose(fR, by_R, rtol=0, atol=1e-7 * size)
        by_S = (average(a, b, R, S + k)[0] - average(a, b, R, S - k)[0]) / (2 * k)
        np.testing.assert_allclose(fS, by_S, rtol=0, atol=3e-5 * abs(fS).max())
    # d/dS = 1/2 (d2/dR2 + 2/R d/dR) holds between nodes as well as the cubics are good
    wide = S > 1e-3
    _, fR, fS = potential.density(a, b, R[wide], S[wide])
    h = 1e-3
    fRR = (
        potential.density(a, b, R[wide] + h, S[wide])[1]
        - potential.density(a, b, R[wide] - h, S[wide])[1]
    ) / (2 * h)
    np.testing.assert_allclose(fS, 0.5 * fRR + fR / R[wide], rtol=0, atol=1e-4 * abs(fS).max())
    # the slope that has a table of its own
    np.testing.assert_allclose(
        potential.density_slope(a, b, R, S)[0],
        potential.density(a, b, R, S)[1],
        rtol=0,
        atol=1e-5 * abs(potential.density(a, b, 2.4, 0.01)[1]),
    )


def lammps_slopes(y, step):
    """Slopes at the nodes as the documentation of eam tables in LAMMPS has them: five points."""
    d = np.empty_like(y)
    d[2:-2] = (y[:-4] - y[4:] + 8.0 * (y[3:-1] - y[1:-3])) / 12.0
    d[[1, -2]] = (y[2] - y[0]) / 2.0, (y[-1] - y[-3]) / 2.0
    d[[0, -1]] = y[1] - y[0], y[-1] - y[-2]
    return d / step


def test_tables_are_those_of_the_file():
    """Al and Cu of one file: blocks read by numpy, cubics by scipy. The same numbers to rounding."""
    lines = (POTENTIALS / "AlCu.eam.alloy").read_text().splitlines()
    nrho, drho, nr, dr, cutoff = (float(w) for w in lines[4].split())
    nrho, nr = int(nrho), int(nr)
    words = iter(" ".join(lines[5:]).split())
    take = lambda n: np.array([float(next(words)) for _ in range(n)])  # noqa: E731
    F, phi = [], []
    for _ in range(2):
        [next(words) for _ in range(4)]
        F.append(take(nrho))
        phi.append(take(nr))
    rV = {(0, 0): take(nr), (0, 1): take(nr), (1, 1): take(nr)}
    potential = tables("AlCu.eam.alloy", "Cu", "Al")  # the other way round
    assert potential.elements == ["Cu", "Al"] and potential.cutoff == cutoff
    assert potential.masses == [63.546, 26.982]
    r = np.random.default_rng(0).uniform(1.5, cutoff, 500)
    spline = lambda y, step: CubicHermiteSpline(  # noqa: E731
        step * np.arange(len(y)), y, lammps_slopes(y, step)
    )
    for a in range(2):
        rho = np.random.default_rng(1).uniform(0.0, 0.9 * nrho * drho, 200)
        right = spline(F[1 - a], drho)
        for found, order in zip(potential.embedding(a, rho), range(3), strict=True):
            np.testing.assert_allclose(found, right(rho, order), rtol=1e-9, atol=1e-11)
        last = (nrho - 1) * drho  # beyond it LAMMPS goes straight on
        f, f1, f2 = potential.embedding(a, last + 3.0)
        assert f == pytest.approx(right(last) + 3.0 * right(last, 1), rel=1e-10)
        assert (f1, f2) == (pytest.approx(right(last, 1), rel=1e-9), 0.0)
        for b in range(2):
            density = spline(phi[1 - b], dr)
            size = np.abs(density(r)).max()
            for order in range(2):
                found = potential.bare_density(a, b, r)[order]
                np.testing.assert_allclose(found, density(r, order), rtol=1e-9, atol=1e-11 * size)
            pair = spline(rV[min(1 - a, 1 - b), max(1 - a, 1 - b)], dr)
            found = potential.bare_pair(a, b, r)
            np.testing.assert_allclose(found[0], pair(r) / r, rtol=1e-9, atol=1e-12)
            slope = pair(r, 1) / r - pair(r) / r**2
            np.testing.assert_allclose(found[1], slope, rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("case", FILES)
def test_packets_of_no_width(case):
    """S = 0 is the potential itself, to rounding; S of 1e-12 as well, which moves V by 1e-12 V''."""
    make, (a, b), _ = FILES[case]
    potential = make()
    r = np.random.default_rng(2).uniform(2.0, potential.cutoff, 300)
    for bare, mean in (
        (potential.bare_pair, potential.pair),
        (potential.bare_density, potential.density),
    ):
        f, d1, *_ = bare(a, b, r)
        for S in (0.0, 1e-12):
            g, gR, _ = mean(a, b, r, S)
            np.testing.assert_allclose(g, f, rtol=1e-13, atol=2e-10 * S / 1e-12 + 1e-15)
            np.testing.assert_allclose(gR, d1, rtol=1e-12, atol=1e-8 * S / 1e-12 + 1e-14)
    spread, _, by_S = potential.density_variance(a, b, r, 0.0)
    assert not spread.any()
    # at the nodes (phi')^2; a cubic between them
    f, d1, *_ = potential.bare_density(a, b, r)
    np.testing.assert_allclose(by_S, d1**2, rtol=1e-3, atol=1e-6 * (d1**2).max())


def test_copper_as_it_is_written():
    potential = copper()
    r = np.linspace(2.0, 4.4, 50)
    c = (10.18724, -12.82033, 6.176587, -1.341391, 0.109842)
    V = np.where(r < 4.29, (r - 4.29) ** 2 * np.polyval(c[::-1], r), 0.0)
    phi = np.where(r < 4.32, (r - 4.32) ** 2 + 0.881096**2 * (r - 4.32) ** 4, 0.0)
    np.testing.assert_allclose(potential.bare_pair(0, 0, r)[0], V, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(potential.bare_density(0, 0, r)[0], phi, rtol=1e-12, atol=1e-15)
    rho = np.array([0.5, 30.0])
    np.testing.assert_allclose(potential.embedding(0, rho)[0], -0.391865 * np.sqrt(rho), rtol=1e-14)
    assert potential.reach == pytest.approx(4.32 + 6.0 * np.sqrt(0.1), rel=1e-12)


@pytest.mark.parametrize("R", [0.0, 2.5, 4.2, 4.4, 6.0])
@pytest.mark.parametrize("S", [1e-4, 0.012, 0.09])
def test_chance_within(R, S):
    """Fifty digits of the mean of 1 for |x| < 4.32, by integration over shells."""
    with mpmath.workdps(50):
        sigma, R_ = mpmath.sqrt(S), mpmath.mpf(R)

        def shell(r):
            if R == 0.0:
                return mpmath.sqrt(2 / mpmath.pi) * r**2 / sigma**3 * mpmath.exp(-(r**2) / (2 * S))
            near, far = (
                mpmath.exp(-((r - R_) ** 2) / (2 * S)),
                mpmath.exp(-((r + R_) ** 2) / (2 * S)),
            )
            return r / R_ * (near - far) / (sigma * mpmath.sqrt(2 * mpmath.pi))

        marks = sorted({0.0, 4.32} | {x for x in R + sigma * np.arange(-8, 9) if 0 < x < 4.32})
        right = float(mpmath.quad(shell, marks))
    assert _kernels.chance_within(4.32, R, S) == pytest.approx(right, rel=1e-9, abs=1e-15)


WRONG = {
    "form": (("eam", "x", []), ["form", "'eam'", "eam/alloy, eam/fs, efs"]),
    "no file": (("eam/alloy", "nowhere", []), ["file", "nowhere"]),
    "a folder": (("eam/alloy", "/tmp", []), ["file", "/tmp"]),
    "element": (("eam/fs", str(POTENTIALS / "Fe_mm.eam.fs"), ["Cu"]), ["element", "'Cu'", "Fe"]),
    "smax": (("eam/fs", str(POTENTIALS / "Fe_mm.eam.fs"), ["Fe"], -1.0), ["smax", "-1", "above 0"]),
    "smax NaN": (("eam/fs", str(POTENTIALS / "Fe_mm.eam.fs"), [], np.nan), ["smax", "nan"]),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_words(case):
    words, expected = WRONG[case]
    with pytest.raises(_kernels.BadSetting) as error:
        _kernels.PacketPotential(*words)
    for word in expected:
        assert word in str(error.value)
    assert "expected" in str(error.value)


def damage(change):
    """The lines of a whole table after a change."""
    lines = (POTENTIALS / "CuNi.eam.alloy").read_text().splitlines()
    change(lines)
    return "\n".join(lines) + "\n"


def put(line, text):
    return lambda lines: lines.__setitem__(line, text)


DAMAGED = {
    "empty": (lambda lines: lines.clear(), ["comment", "end of the file"]),
    "cut short": (lambda lines: lines.__delitem__(slice(300, None)), ["end of the file", "whole"]),
    "one line less": (
        lambda lines: lines.__delitem__(slice(-3, None)),
        ["r V(r) of Cu and Cu", "of 500", "end of the file"],
    ),
    "one line more": (lambda lines: lines.append("0.0"), ["end", "'0.0'", "nothing after"]),
    "a line lost": (lambda lines: lines.pop(50), ["density of Ni", "'FCC'"]),
    "a word": (put(20, "0.1 0.2 x.3 0.4 0.5"), ["line 21", "F(rho) of Ni", "'x.3'", "finite"]),
    "not a number": (put(20, "0.1 0.2 NaN 0.4 0.5"), ["'NaN'", "finite"]),
    "no elements": (put(3, ""), ["number of elements", "whole number"]),
    "too few elements": (put(3, "3 Ni Cu"), ["elements", "2 names", "3"]),
    "element twice": (put(3, "2 Cu Cu"), ["Cu twice"]),
    "sizes": (put(4, "500 0.006 500"), ["nrho drho nr dr cutoff", "3 words"]),
    "count": (put(4, "500.5 0.006 500 0.0128 6.39"), ["nrho", "500.5"]),
    "huge count": (put(4, "500 0.006 1e9 0.0128 6.39"), ["nr", "10000000"]),
    "step": (put(4, "500 0.006 500 -0.0128 6.39"), ["dr", "-0.0128", "above 0"]),
    "cutoff": (put(4, "500 0.006 500 0.0128 7.5"), ["cutoff", "7.5", "6.4"]),
    "mass": (put(5, "28 0 3.52 fcc"), ["mass of Ni", "found 0"]),
    "units": (put(0, "UNITS: real"), ["UNITS", "real", "metal"]),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_damaged_tables(case, tmp_path):
    change, expected = DAMAGED[case]
    (tmp_path / "x.eam").write_text(damage(change))
    with pytest.raises(_kernels.BadSetting) as error:
        _kernels.PacketPotential("eam/alloy", str(tmp_path / "x.eam"), ["Cu"])
    for word in ["x.eam", "expected", *expected]:
        assert word in str(error.value), str(error.value)


def test_all_tables_of_the_wheel_are_read():
    files = [*POTENTIALS.glob("*.eam.alloy"), *POTENTIALS.glob("*.eam.fs")]
    assert len(files) > 15
    for file in files:
        form = "eam/" + file.name.rsplit(".", 1)[1]
        assert _kernels.PacketPotential(form, str(file)).cutoff > 3.0


EFS = {
    "not JSON": ("{", ["not valid JSON"]),
    "schema": ('{"schema": "dbar-efs/2"}', ["schema", "dbar-efs/2", "dbar-efs/1"]),
    "mass": ('{"schema": "dbar-efs/1", "element": "Cu", "mass": -1}', ["mass", "-1", "above 0"]),
    "lacking": ('{"schema": "dbar-efs/1", "element": "Cu", "mass": 1}', ["A", "nothing"]),
}


@pytest.mark.parametrize("case", EFS)
def test_damaged_efs(case, tmp_path):
    text, expected = EFS[case]
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(_kernels.BadSetting) as error:
        _kernels.PacketPotential("efs", str(tmp_path / "x.json"))
    for word in ["x.json", "expected" if case != "not JSON" else "JSON", *expected]:
        assert word in str(error.value), str(error.value)
