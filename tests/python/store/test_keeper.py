"""Which snapshots keep their positions."""

import numpy as np
import pytest

from dbar.store.keeper import PREVIOUS, THIS, AdaptiveKeeper, EveryKeeper, make_keeper
from dbar.stream import Session
from streams import feed, settings, stream

BOTH = THIS + PREVIOUS


def test_every_mth_snapshot(tmp_path):
    session = Session(settings(store=str(tmp_path / "a.h5md"), snapshot=["every", 7.0]))
    answers = feed(session, stream(30))
    session.close()
    assert [n for n, answer in enumerate(answers, 1) if answer.keep] == [7, 14, 21, 28]


@pytest.mark.parametrize("fraction", [0.02, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("drift", [0.0, 0.01])
def test_adaptive_keeps_about_the_share_it_is_given(fraction, drift):
    rng = np.random.default_rng(1)
    M = rng.chisquare(5, 4000) / 5 + drift * np.arange(4000)
    first, second = AdaptiveKeeper(fraction), AdaptiveKeeper(fraction)
    kept = np.array([first.observe(m, 1) == THIS for m in M])
    assert [second.observe(m, 1) for m in M] == list(kept)
    assert 0.75 * fraction <= kept.mean() <= fraction + 6 / 4000
    if drift == 0.0 and fraction < 1.0:
        assert M[kept].mean() > np.quantile(M, 1 - fraction)


def test_adaptive_keeps_a_change_with_its_neighbours_and_learns_evenly():
    keeper = AdaptiveKeeper(0.05)
    kept = [keeper.observe(np.nan, 0) for _ in range(60)]
    assert [n for n, k in enumerate(kept) if k] == [0, 20, 40]
    assert keeper.observe(0.1, 1) == THIS  # the first M is the largest so far
    for states, expected in (
        ((1, 1, 1), (0, 0, 0)),
        ((3, 3, 3), (BOTH, THIS, 0)),
        ((1, 1, 2), (0, 0, THIS)),
        ((3, 1, 1), (THIS, THIS, 0)),  # the one before is there already
        ((3, 0, 3), (BOTH, THIS, THIS)),
        ((0, 0), (THIS, 0)),
    ):
        assert tuple(keeper.observe(0.05, state) for state in states) == expected, states


def test_a_change_at_the_first_snapshot_has_none_before_it():
    keeper = AdaptiveKeeper(0.01)
    assert [keeper.observe(0.1, 3) for _ in range(3)] == [THIS, THIS, 0]


def test_what_a_change_keeps_is_paid_for_later():
    """The share holds in the long run, however often the run changes, as long as it can."""
    rng, keeper = np.random.default_rng(4), AdaptiveKeeper(0.1)
    M = rng.chisquare(5, 8000) / 5
    states = np.where(rng.random(8000) < 0.01, 3, 1)
    asked = np.array([keeper.observe(m, int(s)) for m, s in zip(M, states, strict=True)])
    kept = (asked & THIS).astype(bool)
    kept[:-1] |= (asked[1:] & PREVIOUS).astype(bool)
    change = np.flatnonzero((states == 3) & (np.roll(states, 1) != 3))
    change = change[(change > 0) & (change < 7999)]
    assert len(change) > 50
    for shift in (-1, 0, 1):
        assert kept[change + shift].all()
    assert 0.09 < kept.mean() < 0.11


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (("often", 1), "snapshot 'often': expected none, every M or adaptive FRACTION"),
        (("every", 0), "snapshot every 0: expected an integer of at least 1"),
        (("every", 2.5), "snapshot every 2.5: expected an integer of at least 1"),
        (("adaptive", 0.0), r"snapshot adaptive 0.0: expected a fraction in \(0, 1\]"),
        (("adaptive", 1.5), r"snapshot adaptive 1.5: expected a fraction"),
    ],
)
def test_keeper_errors(rule, message):
    with pytest.raises(ValueError, match=message):
        make_keeper(rule)
    assert make_keeper(("none", 0)) is None
    assert isinstance(make_keeper(("every", 3)), EveryKeeper)


def test_positions_need_a_store_and_adaptive_a_monitor(tmp_path):
    with pytest.raises(ValueError, match="snapshot every needs a store"):
        Session(settings(snapshot=["every", 3]))
    with pytest.raises(ValueError, match="snapshot adaptive needs a monitor, but monitor is none"):
        Session(settings(snapshot=["adaptive", 0.1], store=str(tmp_path / "a"), monitor="none"))
