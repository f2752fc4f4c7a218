"""Before or after yield, from the descriptors alone (PRL 131, 236101, supplement, Fig. 10)."""

from __future__ import annotations

import numpy as np
from scipy.special import logit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.metrics import log_loss
from sklearn.model_selection import GroupKFold, StratifiedKFold, cross_val_predict
from sklearn.svm import SVC
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from dbar.estimators.front import Whitening, check_finite, check_groups, checked_x, per_atom

__all__ = ["YieldClassifier"]

_GRID = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)


class _Plane(ClassifierMixin, BaseEstimator):
    """Linear support vector machine on the leading whitened components of X."""

    def __init__(self, C=1.0, n_components=5):
        self.C = C
        self.n_components = n_components

    def fit(self, X, y):
        self.front_ = Whitening(self.n_components).fit(X)
        self.svc_ = SVC(kernel="linear", C=self.C).fit(self.front_(X), y)
        self.classes_ = self.svc_.classes_
        return self

    def decision_function(self, X):
        return self.svc_.decision_function(self.front_(X))

    def predict(self, X):
        return self.svc_.predict(self.front_(X))


class YieldClassifier(ClassifierMixin, BaseEstimator):
    """Linear support vector machine on D̄ per atom, with probabilities (Fig. 10).

    Probabilities come from a sigmoid (Platt) of the distance from the plane, fitted to snapshots
    of trajectories that the plane was not fitted to; distances of the training snapshots
    themselves would be too sure.

    Parameters
    ----------
    C : float, optional
        Penalty of the machine; by default the one of 0.001 ... 1 whose probabilities have the
        lowest log loss on left-out trajectories.
    n_components : int, optional
        Leading principal components of the standardised features used, each with unit variance.
        Few trajectories do not support a plane in many directions; with a dozen or more, 20 is
        worth trying.
    target : {"per-atom", "plain"}
        "per-atom": component 0 of D is the number of atoms and divides the others. "plain": any
        features.
    folds : int
        Parts into which the training trajectories are split for the probabilities.

    Attributes
    ----------
    classes_ : ndarray, shape (2,)
    C_ : float
    log_loss_ : float
        Of the left-out snapshots.
    """

    def __init__(self, C=None, n_components=5, target="per-atom", folds=5):
        self.C = C
        self.n_components = n_components
        self.target = target
        self.folds = folds

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def fit(self, X, y, groups=None):
        """Learn from snapshots, D of each as a row of X (n, K+1), and labels y (n,) of two classes.

        Parameters
        ----------
        groups : ndarray, shape (n,), optional
            Trajectory of each snapshot. Without it snapshots are left out at random, which makes
            the probabilities of correlated snapshots too sure.

        Raises
        ------
        ValueError
            For values that are not finite, one class only, more than two classes, fewer than two
            snapshots (or trajectories with both classes in the rest) to leave out.
        """
        if self.target not in ("per-atom", "plain"):
            raise ValueError(f"target is {self.target!r}, expected 'per-atom' or 'plain'")
        X, y = validate_data(self, X, y, dtype=np.float64, ensure_all_finite=False)
        check_finite("X", X)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if type_of_target(y) == "multiclass" or len(self.classes_) > 2:
            raise ValueError(
                "Only binary classification is supported. The type of the target is multiclass."
            )
        if len(self.classes_) < 2:
            raise ValueError(f"y holds one class, {self.classes_[0]!r}; two are needed")
        rows, splits = self._features(X), self._splits(labels, check_groups(groups, len(X)))
        best = None
        for C in _GRID if self.C is None else (self.C,):
            plane = _Plane(C, self.n_components)
            # one sigmoid for the distances of all left-out snapshots, one plane for all of them
            model = CalibratedClassifierCV(plane, method="sigmoid", cv=splits, ensemble=False)
            model = model.fit(rows, labels).calibrated_classifiers_[0]
            distance = cross_val_predict(plane, rows, labels, cv=splits, method="decision_function")
            loss = log_loss(labels, model.calibrators[0].predict(distance))
            if best is None or loss < best[0]:
                best = (loss, C, model)
        self.log_loss_, self.C_, self.model_ = best
        return self

    def decision_function(self, X):
        """Log odds of the second class, shape (n,)."""
        return logit(self.predict_proba(X)[:, 1])

    def predict_proba(self, X):
        """Probabilities of the two classes, shape (n, 2)."""
        check_is_fitted(self)
        return self.model_.predict_proba(self._features(checked_x(self, X)))

    def predict(self, X):
        """Class of each snapshot, shape (n,)."""
        check_is_fitted(self)
        return self.classes_[(self.predict_proba(X)[:, 1] > 0.5).astype(int)]

    def _features(self, X):
        return X if self.target == "plain" else per_atom(X)[0]

    def _splits(self, labels, groups):
        rows = np.zeros(len(labels))
        if groups is not None:
            folds = min(self.folds, len(np.unique(groups)))
            splits = list(GroupKFold(folds).split(rows, labels, groups))
        else:
            folds = min(self.folds, int(np.bincount(labels).min()))
            if folds < 2:
                raise ValueError(
                    f"n_samples = {len(labels)}, of one class only 1 sample; at least 2 of each "
                    "are needed to leave some out"
                )
            shuffled = StratifiedKFold(folds, shuffle=True, random_state=0)
            splits = list(shuffled.split(rows, labels))
        for train, test in splits:
            if len(np.unique(labels[train])) < 2:
                left = np.unique(groups[test]).tolist() if groups is not None else "some"
                raise ValueError(f"without trajectories {left} the snapshots are of one class only")
        return splits
