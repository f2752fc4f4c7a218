"""Left-out configurations: as fits of `EntropyModel` to the others, one by one."""

import numpy as np
import pytest
from ase import Atoms
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import cross_val_predict

from dbar.descriptors import AFS
from dbar.entropy import EntropyModel, HeldOut, Sample

DESCRIPTOR = AFS(5, nmax=3, lmax=2)


@pytest.fixture(scope="module")
def data():
    """Clusters of two sizes and entropies that D explains in part."""
    rng = np.random.default_rng(5)
    frames = [Atoms(f"Ar{n}", rng.uniform(0, 5, (n, 3))) for n in rng.integers(5, 7, 40)]
    D = DESCRIPTOR.compute(frames)[0][:, 1:]
    values = D @ rng.normal(size=D.shape[1]) / D.std() + rng.normal(size=40)
    return frames, values


@pytest.fixture(scope="module")
def sample(data):
    return Sample(EntropyModel(DESCRIPTOR), *data)


def test_each_fold_is_a_fit_to_the_others(data, sample):
    frames, values = data
    found = sample.cross_validation(folds=7, seed=1)
    assert sorted(found.index) == list(range(40))
    np.testing.assert_array_equal(found.reference, values[found.index])
    for part in np.array_split(np.random.default_rng(1).permutation(40), 7):
        rest = [k for k in range(40) if k not in part]
        model = EntropyModel(DESCRIPTOR).fit([frames[k] for k in rest], values[rest])
        for k in part:
            mean, std = model.predict(frames[k], return_std=True)
            at = list(found.index).index(k)
            assert found.mean[at] == pytest.approx(mean, rel=1e-10)
            assert found.std[at] == pytest.approx(std, rel=1e-10)
            assert found.grade[at] == pytest.approx(model.grade(frames[k]), rel=1e-8)


def test_relatives_stay_together(sample, monkeypatch):
    groups, seen = np.arange(40) // 3, []
    real = Sample.held_out

    def noted(self, train, test):
        seen.append((set(groups[train]), set(groups[test])))
        return real(self, train, test)

    monkeypatch.setattr(Sample, "held_out", noted)
    found = sample.cross_validation(5, groups=groups)
    assert len(seen) == 5 and not any(train & test for train, test in seen)
    assert sorted(found.index) == list(range(40))


def test_scores():
    rng = np.random.default_rng(2)
    truth = rng.normal(size=4000)
    mean, std = 0.8 * truth + 0.3 * rng.normal(size=4000), np.full(4000, 0.4)
    one = HeldOut(np.arange(4000), truth, mean, std, std)
    assert one.rmse == pytest.approx(np.sqrt(np.mean((mean - truth) ** 2)))
    assert one.r2 == pytest.approx(r2_score(truth, mean))
    line = LinearRegression().fit(mean[:, None], truth)
    assert one.slope == pytest.approx(line.coef_[0])
    assert one.coverage(0.5) == np.mean(np.abs(mean - truth) < 0.67448975 * 0.4)
    both = HeldOut.together([one, one])
    assert len(both.index) == 8000 and both.rmse == pytest.approx(one.rmse)


def test_baselines(sample):
    """Scikit-learn's least squares, each left out in turn."""
    x = np.random.default_rng(3).normal(size=(40, 2))
    said = cross_val_predict(LinearRegression(), x, sample.reference, cv=40)
    wanted = np.sqrt(np.mean((said - sample.reference) ** 2))
    assert sample.baseline(x, folds=40) == pytest.approx(wanted, rel=1e-10)


def test_refused(sample):
    with pytest.raises(ValueError, match="test: found configuration 3, which is in train"):
        sample.held_out([1, 2, 3, 4], [3, 5])
    with pytest.raises(ValueError, match="folds: found 1, expected an integer from 2 on"):
        sample.cross_validation(1)
    with pytest.raises(ValueError, match=r"share: found 1\.0, expected"):
        sample.cross_validation(4).coverage(1.0)
    with pytest.raises(ValueError, match=r"entropies: found shape \(2,\), expected \(40,\)"):
        Sample(EntropyModel(DESCRIPTOR), [Atoms("Ar")] * 40, [1, 2])
