"""What the online monitor answers for each snapshot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEARNING, TRUSTED, WARNING, ALARM = 0, 1, 2, 3


@dataclass(frozen=True)
class Decision:
    """What the monitor says about one snapshot.

    Attributes
    ----------
    state : int
        0 learning; 1 trusted: the snapshot is known (M at or below m_limit, tau_pred > 0) and the
        run goes on as it did; 2 warning: it goes on as it did, but outside what is known, or its
        forecast has expired; 3 alarm: the run has changed.
    mahalanobis : float
        M of the snapshot (training mean 1); 0 while learning.
    innovation : float
        Squared one-step innovation over its expectation; 0 while learning and after a gap.
    tau_pred : float
        Time for which the forecast from this snapshot can be trusted, M(tau_pred) = m_limit, in
        units of `time`; 0 while learning.
    snapshots, refits : int
        Snapshots seen and models fitted so far, this one included.
    novel : float
        1 - p of the joint test: larger than 1 - f for a fraction f of the snapshots of an
        undisturbed run. 1 while learning.
    bound : float
        M(t): mean forecast of M from the last refit plus sigma_M^2 t / dtau; 0 while learning.
    innovation_p, m_p : float
        Probabilities of a larger innovation and of a larger M in an undisturbed run.
    inflation : float
        Factor by which the noise of the model is enlarged because of the innovations judged so far.
    growth : float
        The part sigma_M^2 t / dtau of `bound`; at m_limit - 1 the forecast of the last refit has
        expired.
    consecutive : int
        Snapshots in a row in this state, this one included; 0 without a monitor.
    change_step : int
        Timestep of the last change, -1 while there was none.
    evidence : float
        Evidence that the run has changed, in units of the level that raises the alarm: 1 or more
        is a change. 0 while learning.
    regime : int
        Number of the regime, from 1; a regime that comes back gets its old number. 0 without a
        monitor.
    latent : ndarray, shape (d,), or None
        Latent coordinates of the snapshot; the mean of their squares is M.
    forecast : tuple of two ndarray (d,), or None
        Mean and standard deviation of the one-step forecast made for `latent`.
    """

    state: int
    mahalanobis: float = 0.0
    innovation: float = 0.0
    tau_pred: float = 0.0
    snapshots: int = 0
    refits: int = 0
    novel: float = 1.0
    bound: float = 0.0
    innovation_p: float = 1.0
    m_p: float = 1.0
    inflation: float = 1.0
    growth: float = 0.0
    consecutive: int = 0
    change_step: int = -1
    evidence: float = 0.0
    regime: int = 0
    latent: np.ndarray | None = None
    forecast: tuple | None = None
