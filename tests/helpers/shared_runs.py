"""What an ensemble that shares its learning is compared with: plain numpy on all snapshots."""

import numpy as np

from dbar.online import Monitor, MonitorConfig
from dbar.online.frozen import FrozenModel
from dbar.statistics.moments import LaggedMoments, bag_members
from dbar.store.checkpoint import unpack
from dbar.store.h5md import open_for_reading
from dbar.trajectory import read


def stored_monitor(path):
    """The monitor of the newest checkpoint in a store."""
    config = MonitorConfig.of_store(read(path).monitor_config)
    with open_for_reading(path) as file:
        slots = [unpack(file[f"parameters/dbar/monitor/slot{k}"][...]) for k in (0, 1)]
    newest = max((slot for slot in slots if slot), key=lambda slot: slot.sequence)
    return Monitor.from_state(config, newest.arrays)


def batch_moments(runs, seen, config):
    """Statistics of the first `seen[replica]` transitions of each run, from their definition."""
    rows, members = [], []
    for replica, (steps, X) in runs.items():
        n = seen.get(replica, 0)
        z = np.hstack([X[:-1], X[1:]])[:n]
        assert len(z) == n, f"replica {replica}: {n} transitions seen, {len(X) - 1} stored"
        rows.append(z)
        bags = bag_members(config.seed, replica, steps[1 : n + 1], config.n_bags, config.coverage)
        members.append(np.hstack([np.ones((n, 1), bool), bags]))
    Z, member = np.concatenate(rows), np.concatenate(members)
    size = Z.shape[1] // 2
    out = LaggedMoments(size, 1, config.n_bags, config.coverage, config.seed)
    for b in range(config.n_bags + 1):
        part = Z[member[:, b]]
        if len(part):
            out.count[b], out.mean[b] = len(part), part.mean(axis=0)
            out.comoment[b] = (part - part.mean(axis=0)).T @ (part - part.mean(axis=0))
    return out


def batch_model(runs, seen, config):
    """Model fitted once to `batch_moments`."""
    moments = batch_moments(runs, seen, config)
    return FrozenModel.fit(moments, config.latent_dim)


def stored_runs(paths):
    """{replica: (steps, X)} of stores; X is what the monitor learns of D."""
    runs = {}
    for path in paths:
        run = read(path)
        runs[run.monitor_config["replica"]] = run.step, run.D[:, 1:]
    return runs


def same_model(found, expected, X, rtol=1e-8):
    """Equal in all that does not depend on signs of eigenvectors: M, forecasts, sigma_M^2."""
    m = [np.square(model.latent(X)).mean(axis=1) for model in (found, expected)]
    np.testing.assert_allclose(m[0], m[1], rtol=rtol)
    assert abs(found.sigma_m2 / expected.sigma_m2 - 1.0) < rtol
    assert found.count == expected.count
    ahead = [model.forecast(model.latent(X[-1]), 20) for model in (found, expected)]
    for a, b in zip(*ahead, strict=True):
        scale = np.abs(b).max(axis=0)
        assert np.abs((a - b) / np.where(scale > 0, scale, 1.0)).max() < rtol
