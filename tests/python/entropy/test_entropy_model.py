"""The model of the entropy on data whose law is known, and on data computed elsewhere."""

import math

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.units import kB
from scipy.stats import spearmanr
from sklearn.covariance import oas

from dbar.descriptors import AFS
from dbar.entropy import EntropyModel, reference
from dbar.entropy.weights import fit_weights
from entropy_models import (
    CLUSTERS,
    IRON,
    T0,
    cluster_model,
    clusters,
    defects,
    iron,
    iron_model,
    weights_of,
)
from lennard_jones import COEFF, icosahedron


def test_a_linear_law_is_found():
    """S = a + w . D with an a for each composition: to 1e-6 of the spread (the noise that is left by
    stopping the iteration), also of configurations that were not seen."""
    frames = clusters(30, 0) + clusters(20, 1, "Ar6") + clusters(1, 2, "Ar5")
    w = weights_of(frames, CLUSTERS)
    constant = {7: 4.0, 6: -2.0, 5: 11.0}

    def entropy(some):
        D = CLUSTERS.compute(some)[0][:, 1:]
        return D @ w + [constant[len(atoms)] for atoms in some]

    model = EntropyModel(CLUSTERS).fit(frames, entropy(frames))
    new = clusters(5, 3) + clusters(5, 4, "Ar6") + clusters(5, 5, "Ar5")
    found, std = model.predict(new, return_std=True)
    np.testing.assert_allclose(found, entropy(new), atol=1e-6 * np.ptp(entropy(new)))
    assert (std < 1e-4).all()
    assert model.predict(new[0]) == pytest.approx(found[0], abs=1e-12)
    # 48 contrasts have the mean 1; about means of their own, 51 configurations have as large a sum
    assert model.grade(frames).mean() == pytest.approx(48 / 51, rel=1e-9)


@pytest.mark.parametrize(("rows", "columns"), [(40, 6), (12, 30), (60, 55)])
def test_weights_against_the_formulas(rows, columns):
    """With the noise s and the prior p as found: w = C X^T y / s^2, C = (X^T X / s^2 + 1 / p^2)^-1
    of scaled features as dense matrices, the variance x C x, and the grade with OAS of scikit-learn.
    And s, p, divided by a common factor, are a maximum of the evidence: others of 1.1 make it
    smaller. The factor is one, or that with which nine tenths of the rows that are left out in turn
    (as conformal bands count them) are within 1.645 standard deviations.
    """
    rng = np.random.default_rng(8)
    x = rng.normal(size=(rows, columns)) @ rng.normal(size=(columns, columns))
    y = x @ rng.normal(size=columns) + rng.normal(size=rows)
    learnt = fit_weights(x, y, np.abs(x).max(axis=0))
    new = 3 * rng.normal(size=(5, columns)) @ rng.normal(size=(columns, columns))
    scale = np.sqrt((x**2).mean(axis=0))
    X, Z, s, p = x / scale, new / scale, learnt.noise, learnt.prior
    C = np.linalg.inv(X.T @ X / s**2 + np.eye(columns) / p**2)
    np.testing.assert_allclose(learnt.coefficients * scale, C @ X.T @ y / s**2, rtol=1e-6)
    np.testing.assert_allclose(learnt.variance(new), np.einsum("ij,jk,ik->i", Z, C, Z), rtol=1e-6)
    shrunk = np.linalg.inv(oas(X, assume_centered=True)[0])
    distance = [np.einsum("ij,jk,ik->i", each, shrunk, each) for each in (Z, X)]
    np.testing.assert_allclose(learnt.grade(new), distance[0] / distance[1].mean(), rtol=1e-6)

    def evidence(s, p):
        cov = s**2 * np.eye(rows) + p**2 * X @ X.T
        return -np.linalg.slogdet(cov)[1] - y @ np.linalg.solve(cov, y)

    def left_out(i):
        rest = np.arange(rows) != i
        C = np.linalg.inv(X[rest].T @ X[rest] / s**2 + np.eye(columns) / p**2)
        off = y[i] - X[i] @ C @ X[rest].T @ y[rest] / s**2
        return abs(off) / np.sqrt(s**2 + X[i] @ C @ X[i])

    widest = sorted(map(left_out, range(rows)))[math.ceil(0.9 * (rows + 1)) - 1]
    shape = np.eye(rows) + (p / s) ** 2 * X @ X.T
    factor = s / np.sqrt(y @ np.linalg.solve(shape, y) / rows)
    if factor > 1 + 1e-4:
        assert widest == pytest.approx(1.6448536, rel=1e-5)
    else:
        assert factor == pytest.approx(1, abs=1e-4) and widest <= 1.6448536
    s, p = s / factor, p / factor
    others = [(s * a, p * b) for a in (0.9, 1, 1.1) for b in (0.9, 1, 1.1) if (a, b) != (1, 1)]
    assert all(evidence(s, p) > evidence(*other) for other in others)


def test_strains_share_one_w():
    """With two bulk cells: unseen cells of twice the edge as well."""
    model = iron_model(noise=0.0)
    for strain, entropy in ((0.0, 3.0), (0.01, 3.3)):
        seen = [*defects(12, 0), *defects(12, 1, strain=0.01)]
        w = weights_of(seen, IRON)
        large = defects(3, 5, size=6, strain=strain)
        x = np.array([IRON.compute(a)[0][1:] for a in large])
        per_atom = IRON.compute(iron(3, strain))[0][1:] / 54
        n = np.array([len(a) for a in large])
        expected = (x - n[:, None] * per_atom) @ w
        np.testing.assert_allclose(model.formation(large), expected, atol=1e-5 * np.ptp(expected))
        np.testing.assert_allclose(model.predict(large), expected + entropy * n, rtol=1e-8)


def test_units_and_columns_do_not_matter():
    """All lengths times 1.7: the series falls by a factor, and the answers are the same. Each column
    times a number of its own: the same."""
    frames, factor = clusters(20, 0), 1.7
    rng = np.random.default_rng(1)
    entropies = rng.normal(size=20)
    long = [Atoms(a.symbols, factor * a.positions) for a in frames]
    one = EntropyModel(CLUSTERS).fit(frames, entropies)
    other = EntropyModel(AFS(4.0 * factor, nmax=3, lmax=2)).fit(long, entropies)
    for a, b in zip(one.predict(frames, True), other.predict(long, True), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
    np.testing.assert_allclose(one.grade(frames), other.grade(long), rtol=1e-6)
    x = rng.normal(size=(30, 6)) @ rng.normal(size=(6, 6))
    y, columns = x @ rng.normal(size=6) + rng.normal(size=30), 10.0 ** rng.uniform(-4, 4, 6)
    plain, scaled = (
        fit_weights(x * c, y, np.abs(x * c).max(axis=0)) for c in (np.ones(6), columns)
    )
    np.testing.assert_allclose(scaled.coefficients * columns, plain.coefficients, rtol=1e-6)
    np.testing.assert_allclose(scaled.variance(x * columns), plain.variance(x), rtol=1e-6)
    np.testing.assert_allclose(scaled.grade(x * columns), plain.grade(x), rtol=1e-6)


def test_sums():
    """Twice the cell twice the entropy, the perfect crystal nothing, defects apart their sum; 1e-9
    of k_B is rounding of sums over 432 atoms."""
    model = iron_model()
    for atoms in (*defects(2, 9), iron()):
        for times in ((2, 1, 1), (2, 2, 3)):
            n = np.prod(times)
            assert model.predict(atoms * times) == pytest.approx(n * model.predict(atoms), abs=1e-9)
    assert model.formation(iron(3)) == 0.0 == model.grade(iron(3))
    assert model.formation(iron(3, 0.01)) == 0.0
    assert model.formation(iron(6)) == pytest.approx(0, abs=1e-9)
    perfect = iron(6)
    hole, shifted, both = perfect.copy(), perfect.copy(), perfect.copy()
    far = int(np.argmin(np.linalg.norm(perfect.positions - 3 * [8.6], axis=1)))
    for atoms in (shifted, both):
        atoms.positions[far] += [0.5, 0.3, -0.2]
    del hole[0], both[0]
    separate = model.formation(hole) + model.formation(shifted)
    assert model.formation(both) == pytest.approx(separate, abs=1e-9)
    assert abs(separate) > 1e-3 and abs(model.formation(shifted)) > 1e-3


def test_bands_hold_what_they_say():
    """Noise 0.5 on 80 clusters, half of them left out, twenty times: 90 +- 5 % of them inside the
    90 % band. 800 of them that depend on each other: 1 to 2 % of statistics."""
    frames = clusters(80, 3)
    D = CLUSTERS.compute(frames)[0][:, 1:]
    rng, inside = np.random.default_rng(4), []
    for _ in range(20):
        y = 2 * (D - D.mean(axis=0)) / D.std(axis=0) @ rng.normal(size=9) + rng.normal(0, 0.5, 80)
        order = rng.permutation(80)
        train, test = order[:40], order[40:]
        model = EntropyModel(CLUSTERS).fit([frames[k] for k in train], y[train])
        mean, std = model.predict([frames[k] for k in test], return_std=True)
        inside.append(np.abs(mean - y[test]) < 1.645 * std)
    assert 0.85 <= np.mean(inside) <= 0.95


def test_the_grade_ranks_extrapolation():
    """A law that bends, learnt near zero: the further out, the worse, and the grade says so."""
    rng = np.random.default_rng(5)
    mix = rng.normal(size=(5, 5))
    truth = lambda x: x @ np.arange(1.0, 6.0) + 0.3 * (x**2).sum(axis=1)  # noqa: E731
    x = rng.normal(size=(60, 5)) @ mix
    learnt = fit_weights(x, truth(x), np.abs(x).max(axis=0))
    assert learnt.grade(x).mean() == pytest.approx(1, abs=1e-9)
    out = rng.normal(size=(200, 5)) @ mix * rng.uniform(1, 10, size=(200, 1))
    error = np.abs(out @ learnt.coefficients - truth(out))
    assert spearmanr(learnt.grade(out), error)[0] > 0.8


def test_another_temperature():
    """As the reference: a cluster, and two atoms on a line, which have a rotation less."""
    options = {"pair_style": "lj/cut 20", "pair_coeff": COEFF, "units": "lj", "relax": True}
    for atoms in (icosahedron(), Atoms("Ar2", [[0, 0, 0], [0, 0, 1.1]])):
        found = reference(atoms, temperature=0.1, **options)
        near = [found.atoms.copy() for _ in range(5)]
        for k, one in enumerate(near):
            one.positions *= 1 + 0.01 * k
        entropies = found.entropy + np.arange(5.0)
        model = EntropyModel(AFS(2.5, nmax=2, lmax=1), lammps_units="lj")
        model.fit(near, entropies, temperature=0.1)
        grown = model.predict(found.atoms, temperature=0.25) - model.predict(found.atoms)
        assert grown == pytest.approx(found.at(0.25).entropy - found.entropy, abs=1e-9)
        off = model.predict(found.atoms) - found.entropy
        for T in (0.1, 0.25):  # sum of k_B T ln x against (3N - n_zero) k_B T - TS
            F = model.free_energy(found.atoms, temperature=T)
            assert F + T * off == pytest.approx(found.at(T).free_energy, abs=1e-9)
    model, (cell,) = iron_model(), defects(1, 2)
    more = model.formation(cell, temperature=2 * T0) - model.formation(cell)
    assert more == pytest.approx(3 * (len(cell) - 54) / 54 * np.log(2), abs=1e-9)
    # in a cell of eight times the size too it is what the crystal of that size lacks
    (wide,), crystal = defects(1, 3, size=6), iron(6)
    share = len(wide) / len(crystal)

    def difference(T):
        return model.predict(wide, temperature=T) - share * model.predict(crystal, temperature=T)

    for T in (T0, 3 * T0):
        assert model.formation(wide, temperature=T) == pytest.approx(difference(T), abs=1e-8)


def test_the_free_energy_of_a_crystal():
    """dF/dT = -S by differences, the standard deviation that of k_B T times S; eV and K."""
    model, cells = iron_model(), defects(3, 2)
    S, std = model.predict(cells, return_std=True, temperature=400)
    F, band = model.free_energy(cells, return_std=True, temperature=400)
    slope = (
        model.free_energy(cells, temperature=401) - model.free_energy(cells, temperature=399)
    ) / 2
    np.testing.assert_allclose(slope, -kB * S, rtol=1e-5)
    np.testing.assert_allclose(band, 400 * kB * std, rtol=1e-6)  # CODATA of 2014 and of today
    np.testing.assert_allclose(F, 400 * kB * (3 * np.array([*map(len, cells)]) - 3 - S), rtol=1e-6)
    assert model.free_energy(cells[0]) == model.free_energy(cells, temperature=T0)[0]
    with pytest.raises(ValueError, match="temperature: found none in this model, expected it to"):
        cluster_model().free_energy(clusters(1, 0))


def test_of_several_sizes_the_nearest_is_taken():
    """The same crystal in two sizes, whose entropy per atom differs a little."""
    frames = defects(6, 0) + defects(6, 1, size=4)
    sizes = [(iron(3), 54 * 3.0), (iron(4), 128 * 3.1)]
    entropies = np.random.default_rng(0).normal(size=12)
    model = EntropyModel(IRON).fit(frames, entropies, sizes)
    assert model.predict(iron(4)) == 128 * 3.1 and model.predict(iron(3)) == 54 * 3.0
    assert model.predict(iron(6)) == pytest.approx(432 * 3.1)


def folds(count, parts):
    order = np.random.default_rng(0).permutation(count)
    return [(np.setdiff1d(order, order[k::parts]), order[k::parts]) for k in range(parts)]


def left_out(count, parts, fitted):
    """Errors of predictions fitted(train, test) of what was left out, in order."""
    out = np.empty(count)
    for train, test in folds(count, parts):
        out[test] = fitted(train, test)
    return out


def rmse(error):
    return float(np.sqrt(np.mean(error**2)))


@pytest.mark.shared
def test_lj38(shared_data):
    """A tenth left out at a time: against the mean and the energy alone. AFS(6, 6) at 2.5 sigma."""
    minima = np.load(shared_data / "lj38" / "lj38_minima.npz")
    frames = [Atoms("Ar38", one) for one in minima["coords"]]
    S, E = -0.5 * minima["logdet_hess"], minima["energy"]

    def model(train, test):
        fitted = EntropyModel(AFS(2.5, nmax=6, lmax=6)).fit([frames[k] for k in train], S[train])
        return fitted.predict([frames[k] for k in test])

    mean = left_out(51, 10, lambda train, test: S[train].mean()) - S
    line = left_out(51, 10, lambda a, b: np.polyval(np.polyfit(E[a], S[a], 1), E[b])) - S
    error = left_out(51, 10, model) - S
    print(f"\nRMSE {rmse(error):.3f}, mean {rmse(mean):.3f}, energy {rmse(line):.3f} k_B")
    assert rmse(error) < 0.5 * rmse(line) and rmse(error) < 0.3 * rmse(mean)


@pytest.mark.shared
def test_iron(shared_data):
    """Forty cells, a tenth left out at a time: against class means and counts of defects. AFS(20, 10)
    at 3.5 Å; of so few cells it learns half of what counts leave."""
    cells = np.load(shared_data / "fe-entropy" / "fe432_clusters.npz")
    frames = [
        Atoms(f"Fe{n}", cells["positions"][k, :n], cell=3 * [cells["cell"][k]], pbc=True)
        for k, n in enumerate(cells["natoms"])
    ]
    perfect = bulk("Fe", cubic=True, a=float(cells["a0"])) * (6, 6, 6)
    pair = (perfect, float(cells["bulk_entropy_300K"]))
    S, S_f, label = cells["entropy_300K"], cells["S_formation_300K"], cells["label"]
    counts = np.column_stack([cells["n_vac"], cells["n_int"]]).astype(float)

    def model(train, test):
        descriptor = AFS(3.5, nmax=20, lmax=10)
        fitted = EntropyModel(descriptor).fit([frames[k] for k in train], S[train], pair)
        return fitted.formation([frames[k] for k in test])

    def class_mean(train, test):
        return [S_f[train][label[train] == label[k]].mean() for k in test]

    def counted(train, test):
        return counts[test] @ np.linalg.lstsq(counts[train], S_f[train], rcond=None)[0]

    found = [rmse(left_out(40, 10, how) - S_f) for how in (model, class_mean, counted)]
    print("\nRMSE {:.3f}, class mean {:.3f}, counts {:.3f} k_B".format(*found))
    assert found[0] < 0.7 * min(found[1:])


def test_models_for_others():
    """What the helpers make is what the other tests think."""
    assert cluster_model().temperature_ is None and len(cluster_model().base_.formulas) == 2
    assert iron_model().temperature_ == T0 and len(iron_model().base_.atoms) == 2
