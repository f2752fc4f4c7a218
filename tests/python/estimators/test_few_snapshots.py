"""Estimators from few snapshots of al-tension, on replicas that they have not seen."""

import numpy as np
import pytest
from sklearn.metrics import r2_score
from threadpoolctl import threadpool_limits

from dbar.estimators import LinearEstimator
from ensembles import columns, ensemble

SEEDS = range(8)
ALL = 55


@pytest.fixture(scope="module")
def data():
    runs = ensemble()
    y = {
        "per-atom": [p[:, 0] for p in columns(runs, "press")],
        "extensive": [run.cna[:, 1].astype(float) for run in runs],
    }
    return [run.D for run in runs], y


def draw(data, target, n, seed, axes=None):
    """R2 per atom on eight replicas of a fit to n snapshots of the eight others."""
    D, y = data[0], data[1][target]
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(D))
    train, test = order[:8], order[8:]
    X, aim = (np.concatenate([part[k] for k in train]) for part in (D, y))
    pick = rng.choice(len(X), n, replace=False)
    model = LinearEstimator(target, n_components=axes).fit(X[pick], aim[pick])
    new, truth = (np.concatenate([part[k] for k in test]) for part in (D, y))
    atoms = new[:, 0] if target == "extensive" else 1.0
    return r2_score(truth / atoms, model.predict(new) / atoms)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("target", "n", "least"),
    [("per-atom", 24, 0.98), ("per-atom", 60, 0.99), ("per-atom", 120, 0.99),
     ("extensive", 24, 0.98), ("extensive", 60, 0.99), ("extensive", 120, 0.99)],
)  # fmt: skip
def test_one_to_five_percent_of_the_snapshots(data, target, n, least):
    """A third as many axes as snapshots: the median holds, and no draw fails."""
    with threadpool_limits(limits=1):
        found = [draw(data, target, n, seed) for seed in SEEDS]
    assert np.median(found) > least and min(found) > 0.96


@pytest.mark.shared
def test_as_many_axes_as_snapshots_is_worse(data):
    with threadpool_limits(limits=1):
        for n, gap in ((48, 0.02), (60, 0.02)):
            third = np.median([draw(data, "per-atom", n, seed) for seed in SEEDS])
            every = np.median([draw(data, "per-atom", n, seed, ALL) for seed in SEEDS])
            assert every < third - gap
