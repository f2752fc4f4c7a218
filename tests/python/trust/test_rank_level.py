"""The level of the second signal promises a rate that does not depend on the noise."""

import numpy as np
import pytest

from dbar.trust import InnovationTrust
from dbar.trust.rank_level import effective_number, rank_level

SEED = 20255


def test_the_level_is_the_conformal_rank():
    """Exchangeable scores of any distribution: a new one passes the level with the stated rate.
    2,000 draws each of n scores and one more, within four standard errors.
    """
    rng = np.random.default_rng(SEED)
    for n, wanted in ((19, 0.1), (99, 0.01), (50, 0.05)):
        passed, rates = [], []
        for _ in range(2000):
            scores = rng.standard_cauchy(n + 1) ** 2
            found = rank_level([scores[: n // 2], scores[n // 2 : n]], wanted)
            passed.append(scores[n] > found.level)
            rates.append(found.rate)
        assert set(rates) == {(n + 1 - np.ceil((n + 1) * (1 - wanted) - 1e-9)) / (n + 1)}
        assert rates[0] <= wanted
        assert abs(np.mean(passed) - rates[0]) < 4.0 * np.sqrt(rates[0] / 2000)


def test_too_few_scores_say_what_the_largest_promises():
    scores = [np.arange(20.0), np.append(np.arange(29.0), np.nan)]
    found = rank_level(scores, 1e-3)
    assert found.level == 28.0
    assert found.rate == pytest.approx(1.0 / 50.0)
    assert found.bound >= found.rate
    with pytest.raises(ValueError, match="no scores"):
        rank_level([np.full(3, np.nan)], 0.1)


def test_effective_number_of_a_moving_mean_and_of_an_autoregression():
    """Known: the mean of three has an autocorrelation time of 3; decay a has (1 + a)/(1 - a). The
    correlation of ranks is a little smaller. Heavy tails change nothing.
    """
    rng = np.random.default_rng(SEED)
    for draw in (rng.standard_normal, lambda n: rng.standard_t(3, n)):
        runs = [np.convolve(draw(2002), np.ones(3) / 3, "valid") for _ in range(10)]
        assert effective_number(runs) == pytest.approx(20000 / 3, rel=0.15)
    x = np.zeros((10, 2000))
    for k in range(1, 2000):
        x[:, k] = 0.8 * x[:, k - 1] + rng.standard_normal(10)
    assert effective_number(list(x)) == pytest.approx(20000 / 9, rel=0.25)
    assert effective_number([rng.random(5000)]) > 4000
    assert effective_number([np.ones(50)]) == 1.0


@pytest.mark.parametrize("freedom", [np.inf, 3])
@pytest.mark.parametrize(("runs", "wanted"), [(12, 1e-2), (12, 1e-3)])
def test_undisturbed_replicas_pass_the_level_as_often_as_stated(freedom, runs, wanted):
    """Student noise, 12 ensembles, 20 new replicas each: not more than the bound, within three
    standard errors; at 1e-2, where the scores suffice, not more than half above the stated rate.
    """
    rng, share, rate, bound = np.random.default_rng(SEED), [], [], []
    for _ in range(12):
        noise = rng.standard_t(1e9 if np.isinf(freedom) else freedom, (runs + 20, 60, 20))
        X = list(noise + 3.0 * rng.standard_normal((runs + 20, 1, 20)))
        trust = InnovationTrust(6, false_alarm=wanted).fit(X[:runs])
        scores = np.concatenate([trust.score(x) for x in X[runs:]])
        share.append(np.mean(scores[np.isfinite(scores)] > trust.level_))
        rate.append(trust.rate_)
        bound.append(trust.rate_bound_)
    error = np.std(share) / np.sqrt(12)
    print(f"t{freedom}, {runs} runs, wanted {wanted}: {np.mean(share):.4f} +- {error:.4f}, expected "
          f"{np.mean(rate):.4f} to {np.mean(bound):.4f}")  # fmt: skip
    assert np.mean(share) < np.mean(bound) + 3.0 * error
    if wanted == 1e-2:
        assert np.mean(share) < 1.5 * np.mean(rate)
    assert trust.expected_false_alarms(1000) == (1000 * rate[-1], 1000 * bound[-1])
