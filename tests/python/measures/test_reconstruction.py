"""`dbar.measures` against the definitions in a few lines, known cases and units."""

import sys

import numpy as np
import pytest
from scipy.linalg import orthogonal_procrustes
from sklearn.model_selection import KFold

from dbar.measures import gfrd, gfre, lfre

N = 200
RNG = np.random.default_rng(7)
X = RNG.normal(size=(N, 6)) * np.geomspace(1, 0.01, 6)
Y = np.column_stack([X[:, :3] @ RNG.normal(size=(3, 4)), X[:, :2] ** 2])
HALF = np.sort(np.random.default_rng(0).permutation(N)[: N // 2])


def standardised(F, train, scaler):
    mean, variance = F[train].mean(axis=0), F[train].var(axis=0)
    if scaler is None:
        return F
    return (F - mean) / np.sqrt(variance if scaler == "columns" else variance.sum())


def ridge(x, y, strength, method):
    """W of singular values above the strength, or of those weakened by it."""
    U, s, Vt = np.linalg.svd(x, full_matrices=False)
    inverse = s / (s**2 + strength) if method == "tikhonov" else np.where(s > strength, 1 / s, 0)
    return Vt.T @ (inverse[:, None] * (U.T @ y))


def chosen(x, y, alphas, method, seed=0):
    """The strength with the smallest sum of root mean square errors in two halves."""
    halves = next(KFold(2, shuffle=True, random_state=seed).split(x))
    scale = max(np.linalg.svd(x[half], compute_uv=False)[0] for half in halves)

    def loss(strength):
        total = 0.0
        for a, b in (halves, halves[::-1]):
            left = y[b] - x[b] @ ridge(x[a], y[a], strength, method)
            total += np.sqrt(np.square(left).mean(axis=0)).mean()
        return total

    return min(scale * np.asarray(alphas), key=loss)


def prepared(F, G, train, scaler):
    test = np.setdiff1d(np.arange(len(F)), train)
    f, g = (standardised(each, train, scaler) for each in (F, G))
    return f[train], g[train], f[test], g[test]


CASES = [
    {}, {"seed": 3}, {"scaler": "columns"}, {"scaler": None}, {"alphas": [1e-3]},
    {"alphas": [1e-6, 1e-3, 0.1], "regularization": "tikhonov"}, {"train": np.arange(150)},
]  # fmt: skip


def words(case):
    """What the definitions need of the arguments of a measure."""
    seed = case.get("seed", 0)
    train = np.sort(np.random.default_rng(seed).permutation(N)[: N // 2])
    return (
        np.asarray(case.get("train", train)), case.get("scaler", "total"),
        case.get("alphas", np.geomspace(1e-9, 0.9, 20)), case.get("regularization", "cutoff"), seed,
    )  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_reconstruction_errors_and_distortions_are_as_defined(case):
    train, scaler, alphas, method, seed = words(case)
    for F, G in ((X, Y), (Y, X)):
        f, g, f_test, g_test = prepared(F, G, train, scaler)
        W = ridge(f, g, chosen(f, g, alphas, method, seed), method)
        left = np.linalg.norm(g_test - f_test @ W, axis=1)
        np.testing.assert_allclose(gfre(F, G, pointwise=True, **case), left, rtol=1e-6, atol=1e-12)
        assert gfre(F, G, **case) == pytest.approx(np.sqrt(np.mean(left**2)), rel=1e-6)
        size = max(F.shape[1], G.shape[1])
        pad = [np.pad(z, [(0, 0), (0, size - z.shape[1])]) for z in (f, f @ W, f_test, f_test @ W)]
        Q = orthogonal_procrustes(pad[0], pad[1])[0]
        bent = np.linalg.norm(pad[3] - pad[2] @ Q, axis=1)
        np.testing.assert_allclose(gfrd(F, G, pointwise=True, **case), bent, rtol=1e-6, atol=1e-9)
        assert gfrd(F, G, **case) == pytest.approx(np.sqrt(np.mean(bent**2)), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(
    "case", [{"alphas": [1e-4]}, {"alphas": [1e-3], "regularization": "tikhonov"}]
)
def test_local_errors_are_as_defined(case):
    train, scaler, alphas, method, seed = words(case)
    f, g, f_test, g_test = prepared(X, Y, train, scaler)
    left = []
    for x, y in zip(f_test, g_test, strict=True):
        near = np.argsort(((f - x) ** 2).sum(axis=1))[:20]
        mean, shift = f[near].mean(axis=0), g[near].mean(axis=0)
        a, b = f[near] - mean, g[near] - shift
        W = ridge(a, b, chosen(a, b, alphas, method, seed), method)
        left.append(np.linalg.norm(y - shift - (x - mean) @ W))
    np.testing.assert_allclose(lfre(X, Y, 20, pointwise=True, **case), left, rtol=1e-6)
    assert lfre(X, Y, 20, **case) == pytest.approx(np.sqrt(np.mean(np.square(left))), rel=1e-6)


def test_what_is_in_another_description():
    """A turn and a stretch lose nothing and a turn distorts nothing; what is left out is missing."""
    turn, _ = np.linalg.qr(RNG.normal(size=(6, 6)))
    assert gfre(X, X @ turn) < 1e-9 and gfrd(X, X @ turn) < 1e-9
    stretched = X * np.arange(1, 7)
    assert gfre(X, stretched) < 1e-9 and gfrd(X, stretched) > 0.1
    even = RNG.normal(size=(400, 8))
    assert gfre(even, even[:, :2]) < 1e-9
    # six of eight features of the same variance, from 200 samples: sqrt(6/8) to a few percent
    assert gfre(even[:, :2], even) == pytest.approx(np.sqrt(6 / 8), rel=0.1)
    noise = gfre(even, RNG.normal(size=(400, 3)))
    assert 0.9 < noise < 1.2


def test_a_map_that_bends_is_local():
    """y = x^2: no line has it, but the lines through twelve neighbours do."""
    x = RNG.uniform(-1, 1, (300, 1))
    assert gfre(x, x**2) > 0.9 and lfre(x, x**2, 12, alphas=[1e-9]) < 0.05


def test_units_do_not_matter():
    for factor in (1e-12, 1e9):
        assert gfre(factor * X, Y) == pytest.approx(gfre(X, Y), rel=1e-9)
        assert gfre(Y, factor * X) == pytest.approx(gfre(Y, X), rel=1e-9)


def test_the_same_call_gives_the_same_number_and_leaves_the_arrays():
    before = X.copy(), Y.copy()
    assert gfre(X, Y) == gfre(X, Y) and gfre(X, Y, seed=1) != gfre(X, Y)
    lfre(X, Y, 10, alphas=[1e-3])
    assert np.array_equal(X, before[0]) and np.array_equal(Y, before[1])
    assert gfre(X, Y) == gfre(X, Y, train=HALF) == gfre(X.tolist(), Y.tolist())


# ---- what must be refused ------------------------------------------------------------------------


def spoilt(F, value):
    out = F.copy()
    out[5, 1] = value
    return out


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: gfre(spoilt(X, np.nan), Y), "X: found nan in sample 5, feature 1, expected finite"),
        (lambda: gfrd(X, spoilt(Y, np.inf)), "Y: found inf in sample 5, feature 1"),
        (lambda: gfre(X[:, 0], Y), "X: found shape (200,), expected (n, features)"),
        (lambda: gfre(X, Y[:, :0]), "Y: found shape (200, 0)"),
        (lambda: gfre("x", Y), "X: found no array of numbers"),
        (lambda: gfre([[1.0], [2.0, 3.0]], Y), "X: found no array of numbers"),
        (lambda: gfre(X, Y[:-1]), "Y: found 199 samples, expected as many as X has, 200"),
        (lambda: gfre(X[:7], Y[:7]), "X: found 7 samples, expected at least 8"),
        (lambda: gfre(np.ones((N, 2)), Y), "X: found no feature that varies over train"),
        (lambda: lfre(X, 1e6 + 0 * Y, 10), "Y: found no feature that varies over train"),
        (lambda: gfre(np.column_stack([X, np.ones(N)]), Y, scaler="columns"), "X: found feature 6 the same"),
        (lambda: gfre(X, Y, scaler="row"), "scaler: found 'row', expected 'total', 'columns' or None"),
        (lambda: gfre(X, Y, regularization="lasso"), "regularization: found 'lasso', expected 'cutoff'"),
        (lambda: gfre(X, Y, alphas=[1.0]), "alphas: found [1.0], expected numbers from 0 to 1"),
        (lambda: gfre(X, Y, alphas=[]), "alphas: found []"),
        (lambda: gfre(X, Y, alphas="x"), "alphas: found 'x'"),
        (lambda: gfre(X, Y, alphas=[np.nan]), "alphas: found [nan]"),
        (lambda: gfre(X, Y, seed=-1), "seed: found -1, expected an integer from 0"),
        (lambda: gfre(X, Y, seed=1.5), "seed: found 1.5"),
        (lambda: gfre(X, Y, train=[0, 1, 2]), "train: found [0, 1, 2], expected at least 4 different"),
        (lambda: gfre(X, Y, train=[0, 1, 2, 2, 3]), "train: found [0, 1, 2, 2, 3]"),
        (lambda: gfre(X, Y, train=[0, 1, 2, 200]), "train: found [0, 1, 2, 200]"),
        (lambda: gfre(X, Y, train=[0.0, 1.0, 2.0, 3.0]), "train: found [0.0"),
        (lambda: gfre(X, Y, train=np.arange(N)), "train: found all samples, expected some left"),
        (lambda: lfre(X, Y, 101), "neighbors: found 101, expected an integer from 4 to the 100 samples"),
        (lambda: lfre(X, Y, 3), "neighbors: found 3"),
        (lambda: lfre(X, Y, 10.0), "neighbors: found 10.0"),
    ],
)  # fmt: skip
def test_what_is_refused(call, said):
    with pytest.raises(ValueError) as caught:
        call()
    assert said in str(caught.value)


def test_a_feature_that_does_not_vary_does_no_harm_beside_others():
    constant = np.column_stack([X, np.full(N, 1e3)])
    assert gfre(constant, Y) == pytest.approx(gfre(X, Y), rel=1e-9)


def test_without_scikit_matter_the_error_has_the_command(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "skmatter"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "skmatter", None)
    for call in (lambda: gfre(X, Y), lambda: gfrd(X, Y), lambda: lfre(X, Y, 10)):
        with pytest.raises(
            ImportError, match=r"package scikit-matter: pip install dbar\[measures\]"
        ):
            call()
