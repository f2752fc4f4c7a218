"""Bands from a forecast's own past errors: what they hold, and that a failure is found."""

import numpy as np
import pytest

from dbar.forecast.own_errors import ENOUGH, OwnErrors


def held(errors, horizons=5, **settings):
    """Bands of forecasts of zero, checked against the given course."""
    bands = OwnErrors(horizons, **settings)
    for value in errors:
        bands.learn(value)
        bands.issue(np.zeros(horizons))
    return bands


@pytest.mark.parametrize("level", [0.5, 0.9])
@pytest.mark.parametrize("kind", ["steady", "jumps", "heavy", "grows"])
def test_bands_hold_whatever_the_noise_does(kind, level):
    """Oracle: the nominal share, within the standard error of the outcomes and 3 points of lag."""
    rng = np.random.default_rng(7)
    noise = rng.standard_t(3, 600) if kind == "heavy" else rng.normal(size=600)
    if kind == "jumps":
        noise[300:] *= 6.0
    elif kind == "grows":
        noise *= np.exp(np.linspace(0, 4, 600))
    share, count = held(noise, level=level).coverage()
    assert count > 2800 and abs(share - level) < 0.03 + 3 * np.sqrt(level * (1 - level) / 600)


def test_nothing_is_promised_before_there_are_errors_to_learn_from():
    bands = OwnErrors(3)
    rng = np.random.default_rng(0)
    for k in range(40):
        bands.learn(rng.normal())
        half = bands.issue(np.zeros(3))
        if k < 10:
            assert np.isnan(half).all()
    assert np.isfinite(half).all() and np.isnan(bands.issue(np.full(3, np.nan))).all()
    # five errors for the scale, ten for the factor, known and checked h snapshots later each
    assert bands.count.tolist() == [40 - 16 - 2 * h for h in range(3)]


def test_no_future_is_used():
    """Half widths up to a moment do not depend on what comes after it."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=120)
    other = x.copy()
    other[100:] = 50.0
    ends = []
    for course in (x, other):
        bands, halves = OwnErrors(4), []
        for value in course[:100]:
            bands.learn(value)
            halves.append(bands.issue(np.zeros(4)))
        ends.append(np.array(halves))
    assert np.array_equal(*ends, equal_nan=True)


def test_reach_ends_where_a_range_of_horizons_fails():
    bands = OwnErrors(30)
    assert bands.reach() == 30  # nothing is known to have failed
    bands.count[:] = 100
    bands.hits[:] = 90
    bands.hits[10:20] = 80
    assert bands.reach() == 10
    bands.hits[:5] = 97  # too wide is a failure as well
    assert bands.reach() == 0
    bands.count[:5], bands.hits[:5] = ENOUGH // 5 - 1, 0
    assert bands.reach() == 10  # too few to judge


def test_forecasts_that_follow_no_noise(x=1.0):
    """A constant series: errors of zero, no division by it."""
    bands = held(np.zeros(50))
    assert bands.coverage()[1] == 0 and np.isnan(bands.scale)


@pytest.mark.parametrize("words", [(0, 0.9, 0.2), (3, 1.0, 0.2), (3, 0.9, 0.0)])
def test_wrong_settings(words):
    with pytest.raises(ValueError, match="expected at least 1, a share"):
        OwnErrors(*words)
