"""Policies, learner and controller on replayed trajectories.

Oracles: the statistics of `VAR.fit` on the same snapshots; the closed form s^2 (1/n - 1/R) of a
random sample; `ForecastTrust` one replica at a time; a brute-force loop over replicas.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from dbar.ensemble import (
    Controller,
    Learner,
    Plan,
    Replay,
    ReplayExecutor,
    Variance,
    load_policy,
)  # fmt: skip
from dbar.ensemble.journal import Journal, JournalError
from dbar.ensemble.prediction import error_table, prospect
from dbar.ensemble.settings import Settings, SettingsError
from dbar.forecast import VAR
from dbar.trust import ForecastTrust
from ensemble_replays import controller, trajectories
from harness import ROOT


def test_statistics_are_those_of_a_batch_fit():
    D, values = trajectories()
    learner = controller("uniform", D, values, 36).run().learner
    batch = VAR(1, n_bags=20, random_state=0).fit([d[:, 1:] / 100.0 for d in D]).moments_
    np.testing.assert_array_equal(learner.moments.count[0], batch.count[0])
    np.testing.assert_allclose(learner.moments.mean[0], batch.mean[0], atol=1e-12)
    np.testing.assert_allclose(
        learner.moments.comoment[0], batch.comoment[0], rtol=1e-10, atol=1e-9
    )


def test_tau_pred_and_M_are_those_of_one_replica_at_a_time():
    D, values = trajectories()
    control = controller("uniform", D, values, 20).run()
    learner, model = control.learner, control.learner.model
    trust = ForecastTrust(model.var, model.measure, 1.0, 1.0, 1, 2.0)
    trust.sigma_m2_ = model.sigma_m2
    horizon = learner.chunks * learner.snapshots
    for k in range(6):
        Y = model.space(learner.newest[k])
        assert control.prospect.M[k] == pytest.approx(model.measure.score(Y[-1]), rel=1e-12)
        expected = min(trust.tau_pred(Y), horizon)
        assert control.prospect.tau_pred[k] == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_full_budget_gives_the_ensemble_itself():
    D, values = trajectories()
    for policy in ("uniform", "depth", "variance"):
        control = controller(policy, D, values, 10**6).run()
        found, truth = control.estimate(), np.array(values)
        assert control.issued == 36 and control.reason in ("finished", "budget", "policy")
        np.testing.assert_allclose(found.mean, truth.mean(axis=0), atol=1e-12)
        np.testing.assert_allclose(found.std, truth.std(axis=0, ddof=1), atol=1e-9)
        assert (found.error == 0).all()


def test_orders_of_uniform_and_depth():
    D, values = trajectories()
    assert (controller("uniform", D, values, 18).run().learner.progress == 3).all()
    assert controller("depth", D, values, 18).run().learner.progress.tolist() == [6, 6, 6, 0, 0, 0]


def test_trust_runs_only_whom_it_does_not_trust():
    D, values = trajectories()
    policy, seen = load_policy("trust"), []
    control = controller("trust", D, values, 30)

    class Watch:
        def choose(self, view, count):
            chosen = policy.choose(view, count)
            seen.extend((view.tau_pred[k], view.remaining[k]) for k in chosen)
            return chosen

    control.policy = Watch()
    control.run()
    assert len(seen) == control.issued and all(tau < left for tau, left in seen)
    if control.reason == "policy":
        view = control.view()
        assert (view.tau_pred >= view.remaining)[view.free].all()


def test_worth_is_the_drop_of_the_sampling_error():
    """With s^2 = 1 everywhere the error is 1/n - 1/R per point, and one more replica is worth its drop."""
    grid = np.arange(4)
    weight = np.array([6.0, 0.0, 0.0, 2.0])  # two of eight replicas are whole
    total, worth = Variance.worth(np.ones((4, 4)), grid, weight)
    assert total == pytest.approx(3 * (1 / 2 - 1 / 8))
    assert worth[0] == pytest.approx(1 / 2 - 1 / 3)
    assert worth[3] == 0.0
    # where nothing is uncertain nothing is gained; what lies behind is seen through it
    errors = np.zeros((4, 4))
    errors[:3, 3] = 1.0
    assert Variance.worth(errors, grid, weight)[1][0] == pytest.approx((1 / 2 - 1 / 3) / 3)


def test_error_table_knows_the_forecast_error():
    """The error of forecasts grows with their lead, up to the spread of the observables (2)."""
    D, values = trajectories(replicas=40)
    table = error_table(controller("uniform", D, values, 10**6).run().learner)
    near, far = np.diag(table, 1)[1:].mean(), table[1, -1]
    assert (np.tril(table) == 0).all() and 0.3 < near < far < 2.6


@pytest.mark.parametrize("policy", ["uniform", "trust", "variance"])
def test_order_of_completion_does_not_matter(policy):
    D, values = trajectories()
    runs = []
    for executor in (ReplayExecutor(), ThreadPoolExecutor(4)):
        with executor:
            runs.append(controller(policy, D, values, 24, executor, 2, 6).run())
    assert runs[0].learner.progress.tolist() == runs[1].learner.progress.tolist()
    for name, value in runs[0].learner.moments.get_state().items():
        np.testing.assert_array_equal(value, runs[1].learner.moments.get_state()[name])


def test_resumed_from_any_journal(tmp_path):
    D, values = trajectories()
    whole = Journal(tmp_path / "whole")
    first = controller("variance", D, values, 20, None, 2, 4, whole).run()
    lines = (tmp_path / "whole").read_bytes().splitlines(keepends=True)
    for kept in (0, 1, 3, len(lines) - 1):
        part = tmp_path / f"part{kept}"
        part.write_bytes(b"".join(lines[:kept]) + b'{"iss')  # torn while it was written
        again = controller("variance", D, values, 20, None, 2, 4, Journal(part)).run()
        assert part.read_bytes() == b"".join(lines)
        np.testing.assert_array_equal(
            first.learner.moments.comoment, again.learner.moments.comoment
        )
    (tmp_path / "bad").write_text("nonsense\n{}\n")
    with pytest.raises(JournalError, match="line 1 is not a JSON object"):
        Journal(tmp_path / "bad")


def test_a_view_is_computed_when_it_is_read():
    """A policy that asks for nothing costs no forecast; what it asks for is what there is."""
    D, values = trajectories()
    control = controller("uniform", D, values, 20).run()
    view, costly = control.view(), {"M", "tau_pred", "mean", "std", "errors"}
    for name in ("uniform", "depth"):
        load_policy(name).choose(view, 2)
    assert not costly & vars(view).keys()
    load_policy("variance").choose(view, 2)
    assert costly & vars(view).keys() == {"errors"}
    expected = prospect(control.learner)
    for name in ("M", "tau_pred", "mean", "std"):
        np.testing.assert_array_equal(getattr(view, name), getattr(expected, name))
    np.testing.assert_array_equal(view.errors, error_table(control.learner))
    # one for a policy's own test
    other = replace(view, M=np.zeros(6), free=np.zeros(6, dtype=bool))
    assert (other.M == 0).all() and len(load_policy("variance").choose(other, 2)) == 0
    assert other.errors is view.errors


def test_measured_cost():
    """Mean core-seconds per chunk; of a replica that never ran, the mean over all chunks."""
    D, values = trajectories(replicas=4)

    class Slow(Replay):
        def cost(self, replica, chunk):
            return [1.0, 5.0, 2.0, 7.0][replica] + chunk

    def build(cost):
        learner = Learner(4, 6, 10, ["a", "b"], dimension=3)
        plan = Plan(5, cost=cost)
        return Controller(
            Slow(D, values, 10), learner, Given([0, 1, 2, 0, 1]), ReplayExecutor(), plan
        )

    class Given:
        def __init__(self, order):
            self.order = iter(order)

        def choose(self, view, count):
            return [next(self.order)]

    control = build("measured")
    assert (control.view().cost == 1.0).all()  # nothing is known yet
    control.run()
    spent = [1.0 + 2.0, 5.0 + 6.0, 2.0]
    np.testing.assert_allclose(control.seconds, [*spent, 0.0])
    np.testing.assert_allclose(control.view().cost, [1.5, 5.5, 2.0, sum(spent) / 5], rtol=1e-15)
    # at equal worth the cheap one runs
    view = replace(control.view(), progress=np.ones(4, dtype=int), free=np.ones(4, dtype=bool))
    assert Variance().choose(view, 4).tolist() == [0, 2, 3, 1]
    assert (build("work").run().view().cost == 1.0).all()


def test_failed_replica_is_given_up_and_the_others_go_on():
    D, values = trajectories()
    control = controller("uniform", D, values, 10**6, failing={2}).run()
    assert control.learner.progress.tolist() == [6, 6, 1, 6, 6, 6]
    assert control.failed == {2: "replica 2 cannot go on"} and control.states()[2] == "failed"
    assert np.isfinite(control.estimate().mean).all()


def test_policies_of_the_user(tmp_path):
    text = "class Wrong:\n    def choose(self, view, count):\n        return [0, 0]\n"
    (tmp_path / "policy_of_mine.py").write_text(text)
    D, values = trajectories()
    control = controller("uniform", D, values, 4, batch=2, window=2)
    control.policy = load_policy("policy_of_mine:Wrong", {}, tmp_path)
    sys.path.remove(str(tmp_path))
    with pytest.raises(ValueError, match=r"the policy chose replicas \[0, 0\], expected at most 2"):
        control.run()
    with pytest.raises(ValueError, match="'best': expected one of uniform"):
        load_policy("best")
    with pytest.raises(ValueError, match="does not take its settings"):
        load_policy("uniform", {"speed": 1})


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("chunk = 7", "chunk = 7: expected a divisor of steps = 100"),
        ("replicas = 0", "replicas = 0: expected an integer from 1"),
        ("speed = 1", "unknown setting 'speed'"),
        ("every = 30", "every = 30: expected a divisor of chunk"),
        ("observables = 3", "observables = 3: expected a list"),
        ("script = 'no'", "no such file"),
        ("[variables]\nseed = 1", "variables.seed: expected"),
        ("window = 1\njobs = 2", "window = 1: expected at least"),
    ],
)
def test_settings_name_the_word(tmp_path, line, message):
    (tmp_path / "in").write_text("run 0\n")
    word = line.split(" =")[0]
    base = [
        "script = 'in'",
        "observables = ['pe']",
        "replicas = 2",
        "steps = 100",
        "chunk = 50",
        "every = 10",
    ]
    text = "\n".join([*(b for b in base if not b.startswith(word)), line])
    (tmp_path / "e.toml").write_text(text)
    with pytest.raises(SettingsError, match=r"e\.toml") as caught:
        Settings.load(tmp_path / "e.toml")
    assert message in str(caught.value)


@pytest.mark.shared
def test_half_the_budget_on_aluminium(shared_data):
    """Two seeds of benchmarks/policy_study.py: trust and variance have a fraction of uniform's error."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    import policy_study

    table, used, _ = policy_study.study(
        2, shared_data / "al-tension", ("uniform", "trust", "variance")
    )
    mean = table.mean(axis=0)
    assert (used <= 480).all()
    assert (mean[1, :2] < 0.5 * mean[0, :2]).all()
    assert (mean[2] < 0.7 * mean[0]).all()


# ---- an ensemble that begins with a model --------------------------------------------------------


def begun(tmp_path, count=4):
    from dbar.study import load
    from given_models import make_model

    return load(make_model(tmp_path, runs=count))[0]


def test_what_a_model_was_made_of_is_learnt_first(tmp_path):
    """Statistics and model equal those of one learner that was given all snapshots."""
    from dbar.ensemble.replay import Chunk
    from given_models import rows

    model = begun(tmp_path)
    settings = dict(order=1, dimension=3, seed=0, dtau=0.5)
    started = Learner(2, 5, 30, ["press", "pe"], **settings, start=model)
    whole = Learner(6, 5, 30, ["press", "pe"], **settings)

    def chunks(seed, atoms):
        given = rows(seed, 150, atoms)
        for k in range(5):
            part = given[30 * k : 30 * k + 30]
            D, values = np.array([r[2] for r in part]), np.array([r[4][::-1] for r in part])
            yield Chunk(D, values, [30 * k + 1 + n for n in range(30)], 0.5)

    for replica in range(4):  # as `make_model` numbers them; steps of its snapshots are 0, 1, ...
        for chunk in chunks(100 + replica, 100 + replica):
            whole.add(replica, chunk)
    for replica in range(2):
        for chunk in chunks(200 + replica, 100):
            started.add(replica, chunk)
            whole.add(4 + replica, chunk)
    for name in ("moments", "joint"):
        mine, theirs = getattr(started, name), getattr(whole, name)
        assert mine.count[0] == theirs.count[0]
        np.testing.assert_allclose(mine.mean[0], theirs.mean[0], rtol=1e-10)
        scale = np.abs(theirs.comoment[0]).max()
        np.testing.assert_allclose(mine.comoment[0], theirs.comoment[0], atol=1e-10 * scale)
    one, other = started.refit(), whole.refit()
    x = np.array([r[2][1:] / r[2][0] for r in rows(300, 20)])
    M = [part.measure.score(part.space(x)) for part in (one, other)]
    np.testing.assert_allclose(*M, rtol=1e-6)


def test_the_first_chunk_has_a_model(tmp_path):
    D, values = trajectories()
    alone = Learner(12, 5, 10, ["a", "b"], dimension=3)
    assert alone.refit() is None
    model = begun(tmp_path)
    with pytest.raises(ValueError, match="descriptors, but the model has 8"):
        from dbar.ensemble.replay import Chunk

        Learner(2, 5, 10, ["pe"], start=model).add(
            0, Chunk(D[0][:10], values[0][:10, :1], range(1, 11), 1.0)
        )


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ('observables = ["pe", "hcp"]', "observables has 'hcp', which the model model.h5 does not"),
        (
            'order = 3\nobservables = ["pe"]',
            "order = 3: the model model.h5 has 1; expected the same",
        ),
        ('n_bags = 7\nobservables = ["pe"]', "n_bags = 7: the model model.h5 has 20"),
    ],
)
def test_settings_that_do_not_suit_the_model(tmp_path, more, says):
    begun(tmp_path)
    (tmp_path / "in.x").write_text("")
    path = tmp_path / "e.toml"
    base = 'script = "in.x"\nreplicas = 2\nsteps = 100\nchunk = 50\nevery = 10\nmodel = "{}"\n'
    path.write_text(base.format("model.h5") + more)
    with pytest.raises(SettingsError, match=says):
        Settings.load(path)
    path.write_text(base.format("model.h5") + 'observables = ["pe"]')
    found = Settings.load(path)
    assert (found.order, found.dimension, found.n_bags) == (1, 3, 20)
    assert "digest" in found.identity() and "model" not in found.identity()
    path.write_text(base.format("nothere.h5") + 'observables = ["pe"]')
    with pytest.raises(SettingsError, match=r"nothere.h5: no such file, expected a model made by"):
        Settings.load(path)
    path.write_text(base.split("model =")[0] + 'observables = ["pe"]')
    assert "digest" not in Settings.load(path).identity()  # as it was before there were models
