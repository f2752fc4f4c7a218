"""Which snapshots keep their positions."""

import numpy as np
import pytest

from dbar.store.keeper import AdaptiveKeeper, EveryKeeper, make_keeper
from dbar.stream import Session
from streams import feed, settings, stream


def test_every_mth_snapshot(tmp_path):
    session = Session(settings(store=str(tmp_path / "a.h5md"), snapshot=["every", 7.0]))
    answers = feed(session, stream(30))
    session.close()
    assert [n for n, answer in enumerate(answers, 1) if answer[-1]] == [7, 14, 21, 28]


@pytest.mark.parametrize("fraction", [0.02, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("drift", [0.0, 0.01])
def test_adaptive_keeps_about_the_share_it_is_given(fraction, drift):
    rng = np.random.default_rng(1)
    M = rng.chisquare(5, 4000) / 5 + drift * np.arange(4000)
    first, second = AdaptiveKeeper(fraction), AdaptiveKeeper(fraction)
    kept = np.array([first.observe(m, 1) for m in M])
    assert [second.observe(m, 1) for m in M] == list(kept)
    assert 0.75 * fraction <= kept.mean() <= fraction + 6 / 4000
    if drift == 0.0 and fraction < 1.0:
        assert M[kept].mean() > np.quantile(M, 1 - fraction)


def test_adaptive_keeps_the_first_of_an_alarm_and_learns_evenly():
    keeper = AdaptiveKeeper(0.05)
    kept = [keeper.observe(np.nan, 0) for _ in range(60)]
    assert [n for n, k in enumerate(kept) if k] == [0, 20, 40]
    assert [keeper.observe(0.1, state) for state in (1, 1, 3, 3, 2, 3)] == [
        True, False, True, False, False, True,
    ]  # fmt: skip


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
