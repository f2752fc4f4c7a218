"""Small replayed ensembles, shared by the tests of the controller."""

import numpy as np

from dbar.ensemble import Controller, Learner, Plan, Replay, ReplayExecutor, load_policy


def trajectories(replicas=6, snapshots=60, size=4, seed=5):
    """A stable VAR(1) per atom of a 100-atom system and two observables linear in it."""
    rng = np.random.default_rng(seed)
    T = 0.9 * np.linalg.qr(rng.standard_normal((size, size)))[0]
    Ds, values = [], []
    for _ in range(replicas):
        x, rows = rng.standard_normal(size), []
        for _ in range(snapshots):
            x = T @ x + 0.4 * rng.standard_normal(size)
            rows.append(x)
        X = np.array(rows)
        Ds.append(np.hstack([np.full((snapshots, 1), 100.0), 100.0 * X]))
        values.append(X[:, :2] @ np.array([[1.0, 0.5], [0.0, 2.0]]))
    return Ds, values


def controller(policy, D, values, budget, executor=None, batch=1, window=1, journal=None, **more):
    source = Replay(D, values, 10, **more)
    learner = Learner(source.replicas, source.chunks, 10, ["a", "b"], dimension=3)
    plan = Plan(budget, batch, window, retries=1)
    executor = executor or ReplayExecutor()
    return Controller(source, learner, load_policy(policy), executor, plan, journal)
