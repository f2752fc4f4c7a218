"""Trust on real ensembles: al-tension (loading and yield) and pt-anneal (slow ordering).

Every replica is judged by an ensemble of the others. The dimension of the second signal is chosen
on training replicas only; window 3 is the reference's, memory 12 was set once for all replicas.
"""

import numpy as np
import pytest

from dbar.forecast import VAR
from dbar.study import EnsembleMahalanobis, drift_growth
from dbar.study.replica_forecast import pooled_latent
from dbar.trust import ForecastTrust, InnovationTrust, Mahalanobis, choose_dimension

DIMS = (4, 6, 8, 10, 12, 15, 20)
TRAINED = 60  # snapshots of 0.1 % strain: below 6 %


@pytest.fixture(scope="module")
def tension():
    """Descriptors (150, 55), snapshot of the stress peak, and of 2 % hcp, per replica."""
    from harness import SHARED

    out = {}
    for file in sorted((SHARED / "al-tension").glob("*.npz")):
        run = np.load(file)
        hcp = np.flatnonzero(run["cna"][:, 1] > 0.02 * run["n"])[0]
        out[file.stem[-2:]] = run["D"][:, 1:], int(np.argmax(-run["thermo"][:, 4])), int(hcp)
    return out


@pytest.mark.shared
def test_m_trained_below_six_percent(tension, shared_data):
    """M of held-out replicas: under 2 for 95 % of the snapshots below 6 % strain, past 2 before
    the stress peak and above 10 at 10 % strain in all. One replica (10) is left out of the first
    statement and shown for itself: M is above 2 from its first snapshot on and falls to 1 when
    three atoms change places between 4 and 5 % strain.
    """
    inside, crossed, late = {}, [], []
    for name, (X, peak, _) in tension.items():
        others = [Y[:TRAINED] for key, (Y, _, _) in tension.items() if key != name]
        measure = EnsembleMahalanobis().fit(others)
        assert np.mean(np.concatenate(measure.left_out_)) == pytest.approx(1.0, abs=1e-9)
        m = measure.score(X)
        inside[name] = np.mean(m[:TRAINED] < 2.0)
        crossed.append(TRAINED + np.flatnonzero(m[TRAINED:] > 2.0)[0] - peak)
        late.append(m[99])
    everywhere = np.mean(list(inside.values()))
    usual = np.mean([share for name, share in inside.items() if name != "10"])
    print(f"M < 2 below 6 %: {everywhere:.3f} of all, {usual:.3f} without replica 10 "
          f"({inside['10']:.2f}); 2 passed {0.1 * min(crossed):.1f} to {0.1 * max(crossed):.1f} % "
          f"from the peak; M at 10 % at least {min(late):.1f}")  # fmt: skip
    assert usual > 0.95
    assert everywhere > 0.93
    assert max(crossed) < 0
    assert min(late) > 10.0


@pytest.mark.shared
def test_m_trained_on_the_whole_path(tension, shared_data):
    """Held-out mean M up to 12 % strain stays under 2 in every replica."""
    means = []
    for name, (X, _, _) in tension.items():
        others = [Y for key, (Y, _, _) in tension.items() if key != name]
        means.append(EnsembleMahalanobis(enlargement=10.0).fit(others).score(X)[:120].mean())
    print(f"whole path: mean M up to 12 % between {min(means):.2f} and {max(means):.2f}")
    assert max(means) < 2.0


@pytest.mark.shared
def test_the_second_signal_waits_for_yield(tension, shared_data):
    """Nested: the dimension from the other 15 replicas, the alarm level from their left-out
    scores below 6 %. The first alarm of a replica lies between 1 % before and 0.5 % after its
    stress peak in at least 90 %, before 2 % hcp in all; mean held-out signal below 6 % strain in
    [0.9, 1.15]; false alarms at most 5 in 1000 snapshots.
    """
    offset, signal, chosen, early, elastic = [], [], [], 0, 0
    for name, (X, peak, hcp) in tension.items():
        others = [run for key, run in tension.items() if key != name]
        dim, _ = choose_dimension(
            [run[0] for run in others], TRAINED, [run[1] for run in others], DIMS, 10, 5
        )
        trust = InnovationTrust(dim).fit([run[0][:TRAINED] for run in others])
        first, score = trust.first_alarm(X), trust.score(X)
        assert first < hcp
        offset.append(first - peak)
        chosen.append(dim)
        signal.append(np.nanmean(trust.signal(X)[:TRAINED]))
        before = score[: peak - 10]
        early += np.sum(before > trust.level_)
        elastic += np.isfinite(before).sum()
    offset = np.array(offset)
    hit = np.mean((offset >= -10) & (offset <= 5))
    print(f"alarms {(0.1 * offset).round(1).tolist()} % from the peak, {hit:.2f} in the window; "
          f"dimensions {chosen}; mean signal {np.mean(signal):.3f}; {early} false alarms in "
          f"{elastic} elastic snapshots")  # fmt: skip
    assert hit >= 0.9
    assert 0.9 < np.mean(signal) < 1.15
    assert early <= 0.005 * elastic


@pytest.mark.shared
def test_confidence_on_a_slowly_ordering_particle(shared_data):
    """Trained on 60 ps of the other seven, forecast of the next 60 ps of each: the prior that
    shrinks towards zero turns drift into relaxation and is over-confident; the one that shrinks
    towards persistence is not. 90 % bands of the potential energy, and M against its bound.
    """
    runs = [np.load(file) for file in sorted((shared_data / "pt-anneal").glob("*.npz"))]
    D = [run["D"][:, 1:] for run in runs]
    energy = [run["thermo"][:, 3] for run in runs]
    n, found, m_mean, bounds = 120, {}, [], {"evidence": [], "persistence": []}
    known = []
    for r in range(len(D)):
        others = [k for k in range(len(D)) if k != r]
        space = pooled_latent([D[k][:n] for k in others], 5)
        Y = [space(X) for X in D]
        train = [Y[k][:n] for k in others]
        measure = Mahalanobis().fit(train)
        A = np.hstack([np.concatenate(train), np.ones((n * len(others), 1))])
        theta = np.linalg.lstsq(A, np.concatenate([energy[k][:n] for k in others]), rcond=None)[0]
        m = measure.score(Y[r][n:])
        m_mean.append(m)
        for prior in ("evidence", "persistence"):
            model = VAR(random_state=1, prior=prior).fit(train)
            trust = ForecastTrust(model, measure, 0.5, 60.0, len(others))
            bounds[prior].append(trust.bound(Y[r][:n], n)[1:])
            for epistemic in (False, True):
                draws = model.forecast(Y[r][:n], n, 300, epistemic, 0)
                for key, values, truth in (
                    ("energy", draws @ theta[:-1] + theta[-1], energy[r][n:]),
                    ("leading three", draws[:, :, :3], Y[r][n:, :3]),
                ):
                    low, high = np.quantile(values, [0.05, 0.95], axis=0)
                    inside = np.mean((truth > low) & (truth < high))
                    found.setdefault((prior, epistemic, key), []).append(inside)
        growth = drift_growth(train, measure)
        aware = ForecastTrust(model, measure, 0.5, 60.0, len(others), growth=growth)
        known.append(np.mean(m < aware.bound(Y[r][:n], n)[1:]))
    cover = {key: np.mean(value) for key, value in found.items()}
    for key, value in cover.items():
        print(key, f"{value:.2f}")
    late = np.mean(m_mean, axis=0)[-40:].mean()
    bound = {prior: np.mean(rows, axis=0)[-40:].mean() for prior, rows in bounds.items()}
    print(f"M in the last 20 ps {late:.2f}, bounds {bound}; M below the drift-aware bound "
          f"{np.mean(known):.2f} of the time")  # fmt: skip
    assert cover["evidence", False, "energy"] < 0.75
    assert cover["evidence", True, "energy"] > 0.85
    assert cover["persistence", False, "energy"] > 0.87
    assert cover["persistence", True, "leading three"] > 0.87
    assert bound["evidence"] < 0.65 * late
    assert bound["persistence"] > 0.7 * late
    assert np.mean(known) > 0.65


def test_ensemble_m_needs_comparable_replicas():
    X = np.random.default_rng(0).standard_normal((6, 30, 4))
    with pytest.raises(ValueError, match="3 trajectories, at least 4"):
        EnsembleMahalanobis().fit(list(X[:3]))
    with pytest.raises(ValueError, match=r"replicas of lengths \[20, 30\], expected one"):
        EnsembleMahalanobis().fit([*X, X[0, :20]])
    bad = X.copy()
    bad[2, 3, 1] = np.inf
    with pytest.raises(ValueError, match="trajectory 2 is inf at snapshot 3, component 1"):
        EnsembleMahalanobis().fit(list(bad))
    with pytest.raises(ValueError, match="no descriptor varies"):
        EnsembleMahalanobis().fit([np.ones((30, 4))] * 5)
    with pytest.raises(ValueError, match="2 trajectories, at least 3"):
        drift_growth(list(X[:2]), None)


def test_m_of_new_replicas_with_offsets_of_their_own():
    """150 ensembles of 16 replicas with offsets twice their fluctuation: the mean M of a new
    replica is within 15 % of 1 (the level is that of 15 replicas, hence below); from pooled
    snapshots it is above 1.2.
    """
    rng = np.random.default_rng(20240)
    new, pooled = [], []
    for _ in range(150):
        X = rng.standard_normal((17, 30, 6)) + 2.0 * rng.standard_normal((17, 1, 6))
        new.append(EnsembleMahalanobis(6, 10.0).fit(list(X[:16])).score(X[16]).mean())
        pooled.append(Mahalanobis(6).fit(list(X[:16])).score(X[16]).mean())
    print(f"M of a new replica {np.mean(new):.2f}, from pooled snapshots {np.mean(pooled):.2f}")
    assert abs(np.mean(new) - 1.0) < 0.15
    assert np.mean(pooled) > 1.2
