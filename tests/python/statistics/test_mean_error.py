"""Standard errors of means of correlated values."""

import numpy as np
import pytest

from dbar.statistics.block_error import mean_error


@pytest.mark.parametrize("correlation", [0.0, 0.9])
def test_it_is_the_spread_of_means(correlation):
    """Of an autoregressive series; the mean of many series scatters by what each of them says."""
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((200, 4096))
    series = np.empty_like(noise)
    series[:, 0] = noise[:, 0] / np.sqrt(1 - correlation**2)
    for k in range(1, noise.shape[1]):
        series[:, k] = correlation * series[:, k - 1] + noise[:, k]
    errors = [mean_error(one - 7.0) for one in series]
    spread = np.std(series.mean(axis=1))
    assert np.mean(errors) == pytest.approx(spread, rel=0.15)
    assert spread == pytest.approx(1 / (1 - correlation) / 64, rel=0.15)


def test_values_that_are_one():
    assert mean_error(np.full(100, -3.0)) == 0.0
    with pytest.raises(ValueError, match="found 20 frames"):
        mean_error(np.arange(20.0))
