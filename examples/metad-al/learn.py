"""The variable: 0 in the crystal, 1 in the melt, linear in D per atom."""

from __future__ import annotations

import numpy as np

from dbar.bias import CollectiveVariable
from dbar.estimators import LinearEstimator
from dbar.trajectory import read


def labelled(folders):
    """Runs of the folders and whether each started from the melt (its number is even)."""
    return [(read(f / "run.h5md"), int(f.name) % 2 == 0) for f in folders]


def learn(folders):
    """The variable, and its standard deviation within the crystal.

    Parameters
    ----------
    folders : list of Path
        Training runs.

    Returns
    -------
    CollectiveVariable, float
    """
    runs = labelled(folders)
    D = np.concatenate([run.D for run, _ in runs])
    melt = np.concatenate([np.full(len(run), float(molten)) for run, molten in runs])
    model = LinearEstimator("per-atom").fit(D, melt)
    cv = CollectiveVariable.from_estimator(
        model, "order", runs[0][0], comment="0 in crystalline, 1 in molten aluminium"
    )
    return cv, float(np.std(cv.value(D[melt == 0])))
