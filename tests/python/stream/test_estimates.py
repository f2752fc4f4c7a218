"""Observables in the run: learnt there, forecast with bands, the same after a restart."""

import shutil

import numpy as np
import pytest

from dbar.estimators.readout import Readout
from dbar.forecast.tracked import TrackedBands
from dbar.online import TRUSTED, WARNING, Monitor
from dbar.online.horizon import Horizon
from dbar.stream import Session
from dbar.trajectory import read
from given_models import rows, watching
from h5md_ensembles import COEF, DTAU, NOISE, PE, PRESS
from streams import settings, stream

KINDS = {"pe": "extensive", "press": "per-atom"}
OBSERVE = {"observe": list(KINDS)}


def table(answers):
    return np.array([answer.estimates for answer in answers]).reshape(len(answers), -1, 4)


def feed(session, given):
    return [session.observe(*row) for row in given]


def test_an_estimate_is_the_fit_of_all_that_came_before():
    given = rows(5, 120)
    session = Session(watching(**OBSERVE))
    got = table(feed(session, given))
    D, truth = np.array([r[2] for r in given]), np.array([r[4] for r in given])
    assert np.isnan(got[:12, :, :2]).all() and np.isfinite(got[12:, :, 0]).all()
    # nine errors tell how wide a band has to be
    assert np.isnan(got[:21, :, 1]).all() and np.isfinite(got[21:, :, 1]).all()
    # the first fit, of twelve snapshots, lasts until 14 have come
    batch = Readout(KINDS).fit([D[:12]], [truth[:12]])
    mean, std = batch.predict(D[12:14])
    np.testing.assert_allclose(got[12:14, :, 0], mean, rtol=1e-8)
    # of the next nine the largest error lies on the edge
    ratio, fitted = [], 12
    for n in range(12, 21):
        if n >= fitted * 1.1:
            fitted = n
        mean, std = Readout(KINDS).fit([D[:fitted]], [truth[:fitted]]).predict(D[n : n + 1])
        ratio.append(np.abs(truth[n] - mean[0]) / std[0])
    _, std = Readout(KINDS).fit([D[:20]], [truth[:20]]).predict(D[21:22])
    np.testing.assert_allclose(got[21, :, 1] * 1.6448536, np.max(ratio, 0) * std[0], rtol=1e-6)
    off = got[60:, :, 0] - truth[60:]
    assert off[:, 0].std() < 1.3 * 100 * NOISE["pe"] and off[:, 1].std() < 1.3 * NOISE["press"]


def test_the_order_is_that_of_the_words_and_a_kind_can_be_said():
    given = rows(5, 60)
    plain = table(feed(Session(watching(**OBSERVE)), given))
    other = table(feed(Session(watching(observe=["press:per-atom", "pe:extensive"])), given))
    np.testing.assert_allclose(other, plain[:, ::-1], rtol=1e-9)


@pytest.mark.parametrize("order", [1, 3])
def test_horizon_is_the_forecast_of_the_model(order):
    D = np.array([r[2] for r in rows(6, 200)])
    monitor = Monitor({"order": order}, stride=100)
    for k, row in enumerate(D):
        monitor.observe(100 * k, DTAU * k, row)
    model, state = monitor.model, monitor.latent_state()
    for steps in (1, 2, 7):
        latent, cov = Horizon(model, steps)(state, 1.3)
        mean, _ = monitor.forecast(steps)
        np.testing.assert_allclose(model.outwards(latent), mean[-1], rtol=1e-10)
        ahead = model.start(state)
        for _ in range(steps):
            ahead = model.advance(ahead)
        np.testing.assert_allclose(cov, model._spread(ahead, 1.3), rtol=1e-8, atol=1e-14)


def test_forecasts_hold_and_are_no_wider_than_they_must_be():
    """90 % of what comes lies inside; an optimal forecast knows the process (closed form)."""
    steps, inside, half = 4, [], []
    for seed in range(4):
        given = rows(20 + seed, 500)
        got = table(feed(Session(watching(ahead=steps * DTAU, **OBSERVE)), given))
        truth = np.array([r[4] for r in given])
        ready = slice(150, 500 - steps)
        off = np.abs(got[ready, :, 2] - truth[150 + steps :])
        inside.append(off <= got[ready, :, 3])
        half.append(got[ready, :, 3])
    share, width = np.mean(inside, axis=(0, 1)), np.mean(half, axis=(0, 1))
    cov, power = np.zeros((3, 3)), np.eye(3)
    for _ in range(steps):
        cov, power = cov + power @ power.T, COEF @ power
    best = 1.6449 * np.array(
        [100 * np.sqrt(PE @ cov @ PE + NOISE["pe"] ** 2), np.sqrt(PRESS @ cov @ PRESS + 0.25)]
    )
    print("inside", share, "width over optimum", width / best)
    assert (np.abs(share - 0.9) < 0.03).all() and (width < 1.25 * best).all()


def test_what_is_stored_is_what_was_said_and_what_a_restart_goes_on_with(tmp_path):
    given = rows(7, 140)
    whole = Session(watching(store=str(tmp_path / "whole.h5md"), ahead=2 * DTAU, **OBSERVE))
    expected = feed(whole, given)
    whole.close()
    run = read(tmp_path / "whole.h5md")
    for k, name in enumerate(KINDS):
        np.testing.assert_array_equal(run.estimates[name], table(expected)[:, k])

    first = Session(watching(store=str(tmp_path / "first.h5md"), ahead=2 * DTAU, **OBSERVE))
    feed(first, given[:77])
    shutil.copyfile(tmp_path / "first.h5md", tmp_path / "run.h5md")  # what kill -9 leaves
    first.close()
    restart = {"snapshots": 77, "step": given[76][0] + 30}
    again = Session(
        watching(store=str(tmp_path / "run.h5md"), ahead=2 * DTAU, step=restart["step"],
                 restart=restart, **OBSERVE)
    )  # fmt: skip
    assert not [line for line in again.drain_messages() if "another version" in line]
    assert again.observe(*given[76]).estimates == expected[76].estimates
    np.testing.assert_array_equal(table(feed(again, given[77:])), table(expected)[77:])
    again.close()


@pytest.mark.parametrize("word", ["observe", "ahead"])
def test_a_store_with_other_observables_is_not_continued(tmp_path, word):
    path = str(tmp_path / "run.h5md")
    feed(one := Session(watching(store=path, **OBSERVE)), rows(1, 5))
    one.close()
    other = {"observe": ["pe"]} if word == "observe" else {**OBSERVE, "ahead": 2 * DTAU}
    with pytest.raises(RuntimeError, match="was made with observe"):
        Session(watching(store=path, step=600, restart={"snapshots": 5, "step": 500}, **other))


def test_atoms_that_come_and_go():
    """The law is per atom: what was learnt with 100 atoms holds with 60 and 140."""
    given = rows(8, 120, 100)
    for atoms, seed in ((60, 9), (140, 10)):
        more = rows(seed, 40, atoms)
        start = given[-1][0]
        given += [(start + r[0], DTAU * (start + r[0]) / 100, *r[2:]) for r in more]
    got = table(feed(Session(watching(**OBSERVE)), given))
    truth, atoms = np.array([r[4] for r in given]), np.array([r[2][0] for r in given])
    off = (got[60:, :, 0] - truth[60:]) / np.column_stack([atoms[60:], np.ones(len(given) - 60)])
    for k, noise in enumerate(NOISE.values()):
        assert off[60:, k].std() < 1.5 * noise, (k, off[60:, k].std())


def test_seldom_values_teach_and_those_outside_are_reported():
    given, every = rows(11, 400), 10
    said = []
    session = Session(
        watching(observe=["press", "pe"], seldom={"every": every, "names": ["press"]}, quiet=False)
    )
    session._say = session._estimates._say = said.append
    answers = []
    for n, (step, time, D, V, (pe, press)) in enumerate(given):
        answers.append(session.observe(step, time, D, V, (pe, np.nan if n % every else press)))
    got, truth = table(answers), np.array([r[4] for r in given])
    off = np.abs(got[250:, 0, 0] - truth[250:, 1])
    inside = np.mean(off < 1.6449 * got[250:, 0, 1])
    print(f"filled values: rms {off.std():.3f}, inside {inside:.3f}")
    assert 0.82 < inside < 0.97 and np.sqrt(np.mean(off**2)) < 1.5 * NOISE["press"]
    seen = np.arange(0, 400, every)
    beyond = np.abs(got[seen, 0, 0] - truth[seen, 1]) > 1.6449 * got[seen, 0, 1]
    assert len(said) == beyond.sum() and 0 < len(said) < 15
    assert all(
        "press is" in line and "outside the 90 % band of its estimate" in line for line in said
    )


def test_ahead_beyond_tau_pred_is_a_warning_with_a_band():
    given = rows(12, 200)
    plain = feed(Session(watching(**OBSERVE)), given)
    tau = np.median([a.tau_pred for a in plain if a.state == TRUSTED])
    far = DTAU * np.ceil(3.0 * tau / DTAU)
    answers = feed(Session(watching(ahead=float(far), **OBSERVE)), given)
    trusted = [n for n, a in enumerate(plain) if a.state == TRUSTED]
    assert trusted
    for n in trusted:
        beyond = plain[n].tau_pred < far
        assert answers[n].state == (WARNING if beyond else TRUSTED)
    assert np.isfinite(table(answers)[trusted]).all()
    states = [a.state for a in answers]
    assert (
        answers[-1].consecutive
        == len(states) - max([n for n, s in enumerate(states) if s != states[-1]], default=-1) - 1
    )


def test_a_group_without_atoms_has_no_observables_and_teaches_none():
    given = rows(15, 60)
    empty = [
        (s, t, D * 0.0 if 20 <= n < 30 else D, V, v) for n, (s, t, D, V, v) in enumerate(given)
    ]
    got = table(feed(Session(watching(monitor="none", **OBSERVE)), empty))
    assert np.isnan(got[20:30]).all() and np.isfinite(got[50:, :, :2]).all()


def test_without_a_monitor_nothing_is_forecast():
    got = table(feed(Session(watching(monitor="none", **OBSERVE)), rows(13, 60)))
    assert np.isfinite(got[30:, :, :2]).all() and np.isnan(got[:, :, 2:]).all()


def test_stress_from_v_where_d_is_blind():
    """pxx of a law in V alone: D says nothing about it, V everything."""
    given = []
    rng = np.random.default_rng(3)
    theta = rng.normal(size=7) * 50.0
    theta[0] = 0.0
    names = ["pe", "pxx", "pyy", "pzz", "pxy", "pxz", "pyz", "vol"]
    for step, time, D, V, _ in stream(150):
        pressure = -(theta @ V) / 800.0 + 0.01 * rng.normal(size=6)
        given.append((step, time, D, V, np.array([-10.0, *pressure, 800.0])))
    seen = {}
    for virial in (True, False):
        session = Session(settings(thermo=names, observe=["pxx", "pxy"], virial=virial))
        shown = [(*r[:3], r[3] if virial else None, r[4]) for r in given]
        seen[virial] = table(feed(session, shown))
    truth = np.array([[r[4][1], r[4][4]] for r in given])
    off = {v: np.std(got[80:, :, 0] - truth[80:]) / truth.std() for v, got in seen.items()}
    print(off)
    assert off[True] < 0.1 and off[False] > 0.7


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"observe": ["hcp"]}, "observe hcp: expected one of the quantities that the run stores "
         r"\(pe press\) or that a model FILE knows"),
        ({"observe": ["pe", "pe:per-atom"]}, "observe pe:per-atom: pe comes twice"),
        ({"observe": ["pe:plain"]}, "kind is 'plain', expected extensive or per-atom"),
        ({"ahead": 0.7}, r"ahead 0.7: expected a multiple of 0.5, .* such as 0.5 or 1"),
        ({"ahead": 0.1}, "ahead 0.1: expected a multiple of 0.5, .* such as 0.5 or 1"),
        ({"ahead": 1e6}, "expected at most 1000"),
    ],
)  # fmt: skip
def test_refuses(changes, says):
    with pytest.raises(ValueError, match=says):
        Session(watching(**{**OBSERVE, **changes}))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("until", [30, 200])
def test_a_quantity_without_a_value_keeps_no_other_from_its_estimates(bad, until):
    """A variable of the user's may be without a value at times, or for ever; it is said once."""
    given, plain = rows(9, 120), {**OBSERVE, "thermo": ["pe", "press"]}
    alone = table(feed(Session(watching(**plain)), given))
    names = ["pe", "v_q", "press"]
    session = Session(watching(thermo=names, observe=names))
    with_q = [
        (*row[:4], np.insert(row[4], 1, bad if k < until else 2.0 * row[4][0] + row[1]))
        for k, row in enumerate(given)
    ]
    got = table(feed(session, with_q))
    np.testing.assert_array_equal(got[:, [0, 2]], alone)
    known = np.isfinite(got[:, 1, 0])
    assert not known[: until + 12].any() and known[until + 12 :].all()
    lines = [line for line in session.drain_messages() if "v_q" in line]
    assert len(lines) == 1 and f"step {given[0][0]}: v_q is not finite" in lines[0]


def test_a_function_of_the_users_sees_the_estimates(tmp_path, monkeypatch):
    (tmp_path / "look_at.py").write_text(
        "seen = []\ndef look(step, D, estimates):\n    seen.append(estimates['pe'])\n"
    )
    monkeypatch.chdir(tmp_path)
    answers = feed(Session(watching(python="look_at:look", **OBSERVE)), rows(14, 50))
    import look_at

    np.testing.assert_array_equal(np.array(look_at.seen), table(answers)[:, 0])


def test_bands_follow_their_misses():
    rng, inside = np.random.default_rng(1), []
    bands = TrackedBands(np.ones(2))
    for n in range(2000):
        bands.learn(n, np.array([rng.normal(), 3.0 * rng.normal()]))
        half = bands.issue(n + 3, np.zeros(2), np.ones(2))
        inside.append(half)
        if n == 700:
            other = TrackedBands(np.ones(2))
            other.set_state(bands.get_state())
            bands = other
    share = bands.hits / bands.count
    assert bands.count[0] == 1997 and (np.abs(share - 0.9) < 0.01).all(), share
    assert np.mean(inside, axis=0) == pytest.approx([1.645, 3 * 1.645], rel=0.15)
    before = bands.factor.copy()
    bands.learn(2000, np.array([np.nan, 0.0]))
    assert bands.factor[0] == before[0] and bands.factor[1] < before[1]
