"""What a forecast leaves out is kept as far as it lasts."""

import numpy as np
import pytest

from dbar.forecast.remainder import Remainder

STEPS = 3


def process(seed, count=4000, decay=(0.0, 0.8, 1.0)):
    """Values = a state that is known + remainders of three decays a step; forecasts of the state."""
    rng = np.random.default_rng(seed)
    state, rest, decay = np.zeros(3), np.zeros(3), np.array(decay)
    out = np.zeros((count, 3, 3))  # value, forecast, state
    for k in range(count):
        state = 0.9 * state + rng.normal(size=3)
        # the last lasts: a step now and then
        rest = decay * rest + rng.normal(size=3) * np.array([1.0, 1.0, k % 200 == 0])
        out[k] = state + rest, 0.9**STEPS * state, state
    return out


def followed(given, kept=None, at=None):
    """Forecasts (n, 3), optionally with a restart at one step."""
    kept, said = kept or Remainder(3), []
    for k, (value, mean, state) in enumerate(given):
        if k == at:
            again = Remainder(3)
            again.set_state(kept.get_state())
            kept = again
        kept.learn(10 * k, value)
        said.append(kept.issue(10 * (k + STEPS), mean, value - state))
    return np.array(said)


def test_noise_is_left_out_and_what_lasts_is_kept():
    """The error of an optimal forecast, in closed form; without the remainder it is larger."""
    given = process(1)
    said, late = followed(given)[500:-STEPS], given[500 + STEPS :, 0]
    error = np.sqrt(np.mean((said - late) ** 2, axis=0))
    plain = np.sqrt(np.mean((given[500:-STEPS, 1] - late) ** 2, axis=0))
    moved = sum(0.9 ** (2 * k) for k in range(STEPS))
    best = np.sqrt(moved + np.array([1.0, 1.0 + 0.64 + 0.64**2, STEPS / 200.0]))
    np.testing.assert_allclose(error, best, rtol=0.03)
    np.testing.assert_allclose(
        plain[:2], np.sqrt(moved + 1.0 / (1.0 - np.array([0.0, 0.64]))), rtol=0.03
    )
    assert plain[2] > 1.5 * error[2]


def test_share_is_that_of_least_squares_over_what_has_come_due():
    given = process(2, 60)
    said = followed(given)
    e, off = given[:, 0] - given[:, 2], given[STEPS:, 0] - given[:-STEPS, 1]
    for k in (0, 2, 3, 20, 59):
        due = max(k - STEPS + 1, 0)
        below = (e[:due] ** 2).sum(axis=0) + e[k] ** 2
        rho = np.clip((e[:due] * off[:due]).sum(axis=0) / below, 0.0, 1.0)
        np.testing.assert_allclose(said[k], given[k, 1] + rho * e[k], rtol=1e-12)


def test_unknown_values_change_nothing_and_a_restart_is_bit_for_bit():
    given = process(3, 100)
    given[40:50, 0, 1] = np.nan
    whole = followed(given)
    np.testing.assert_array_equal(followed(given, at=57), whole)
    assert np.isfinite(whole).all()
    np.testing.assert_array_equal(whole[40:50, 1], given[40:50, 1, 1])


@pytest.mark.parametrize("wrong", [{}, {"square": np.zeros(3)}])
def test_a_state_of_something_else_is_refused(wrong):
    with pytest.raises(KeyError):
        Remainder(3).set_state(wrong)
