"""A model of `dbar fit` in a run: it judges from the first snapshot, or is refused by name."""

import json
import shutil

import h5py
import numpy as np
import pytest

from dbar.files.hdf5_digest import content_digest
from dbar.online import LEARNING, TRUSTED
from dbar.online.frozen import FrozenModel
from dbar.statistics.intensive import per_atom
from dbar.statistics.moments import LaggedMoments
from dbar.store import StoreError
from dbar.stream import Session
from dbar.study import load
from dbar.study.model_file import ModelFileError
from dbar.trajectory import read
from given_models import make_model, rows, watching
from h5md_ensembles import DTAU, NOISE
from shared_runs import stored_monitor


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("model"))


def feed(session, given):
    return [session.observe(*row) for row in given]


def test_judges_from_the_first_snapshot(model):
    fitted, _ = load(model)
    given = rows(50, 200)
    answers = feed(Session(watching(model=model)), given)
    want = fitted.score(np.array([r[2] for r in given]))
    np.testing.assert_allclose([a.M for a in answers], want, rtol=1e-8)
    assert [a.refits for a in answers] == [1] * 200  # fitted elsewhere, once
    states = np.array([a.state for a in answers])
    assert states[0] != LEARNING and np.mean(states == TRUSTED) > 0.7
    assert all(a.tau_pred > 0.0 for a in answers if a.state == TRUSTED)
    assert all(np.isfinite(a.innovation) for a in answers) and answers[1].innovation > 0.0


def test_tau_pred_is_that_of_the_model(model):
    """The same bound M(t), from whitened coordinates and on a grid of horizons."""
    fitted, _ = load(model)
    given = rows(51, 60)
    answers = feed(Session(watching(model=model)), given)
    D = np.array([r[2] for r in given])
    for n in (0, 20, 59):
        want = fitted.trust_drift.tau_pred(fitted.latent(D[n : n + 1]))
        assert answers[n].tau_pred == pytest.approx(want, rel=0.1), n


def test_estimates_are_those_of_the_model(model):
    fitted, _ = load(model)
    given = rows(52, 200)
    names = ["press", "pe"]
    session = Session(watching(model=model, observe=names, ahead=4 * DTAU))
    got = np.array([a.estimates for a in feed(session, given)]).reshape(-1, 2, 4)
    D, truth = np.array([r[2] for r in given]), np.array([r[4][::-1] for r in given])
    mean, std = fitted.estimate(D)
    np.testing.assert_allclose(got[:, :, 0], mean[:, ::-1], rtol=1e-10)
    np.testing.assert_allclose(got[:20, :, 1], std[:20, ::-1], rtol=1e-10)  # then widths follow
    inside = np.mean(np.abs(got[:, :, 0] - truth) < 1.6449 * got[:, :, 1])
    ahead = np.mean(np.abs(got[:-4, :, 2] - truth[4:]) < got[:-4, :, 3])
    print(f"inside {inside:.3f}, 4 ahead {ahead:.3f}")
    assert 0.85 < inside < 0.95 and 0.84 < ahead < 0.96
    center = fitted.forecast(D[3:4], 4)  # none has come due that would tell what D leaves out
    np.testing.assert_allclose(got[3, :, 2], center.mean[3, ::-1], rtol=1e-6)


def test_what_the_run_does_not_compute_is_estimated(model):
    given = rows(53, 80)
    settings = watching(model=model, observe=["press"], monitor="none")
    settings["thermo"] = []
    shown = [(*r[:4], np.zeros(0)) for r in given]
    got = np.array([a.estimates for a in feed(Session(settings), shown)])
    off = got[:, 0] - [r[4][1] for r in given]
    assert off.std() < 1.3 * NOISE["press"] and np.isnan(got[:, 2:]).all()


def test_without_a_monitor_any_size_will_do(model):
    given = rows(54, 60, atoms=300)
    settings = watching(model=model, observe=["pe"], monitor="none") | {"natoms": 300}
    got = np.array([a.estimates for a in feed(Session(settings), given)])
    off = (got[:, 0] - [r[4][0] for r in given]) / 300
    assert off.std() < 1.3 * NOISE["pe"]


def test_learn_adds_to_the_statistics_of_the_file(model, tmp_path):
    """Equal to one fit of all: those of the file and the run's own transitions."""
    fitted, _ = load(model)
    given, path = rows(55, 150), str(tmp_path / "run.h5md")
    session = Session(watching(model=model, learn=True, store=path))
    answers = feed(session, given)
    monitor = session._monitor
    assert answers[0].refits == 1 and answers[-1].refits > 1
    count = int(monitor.fitted_count)
    X = per_atom(np.array([r[2] for r in given]))
    own = LaggedMoments(8, 1, fitted.n_bags, fitted.coverage, fitted.seed)
    steps = np.array([r[0] for r in given])
    own.add_batch(np.hstack([X[:-1], X[1:]])[:count], steps[1 : count + 1], 0)
    total = LaggedMoments.from_state(fitted.moments_.get_state()).merge(own)
    want = FrozenModel.fit(total, monitor.config.latent_dim)
    m = [np.square(part.latent(X)).mean(axis=1) for part in (monitor.model, want)]
    np.testing.assert_allclose(*m, rtol=1e-8)
    assert want.count == monitor.model.count > fitted.moments_.count[0] * 1.1
    session.close()
    assert read(path).monitor_config["model"]["learn"] is True
    assert stored_monitor(path).start.count == fitted.moments_.count[0]


@pytest.mark.parametrize("learn", [False, True])
def test_a_change_before_the_run_has_a_yardstick(model, learn):
    given = rows(58, 60)
    shift = np.array([r[2][1:] for r in given]).std(axis=0)
    jumped = [
        (step, time, np.concatenate([D[:1], D[1:] + 6.0 * shift * (n >= 12)]), V, values)
        for n, (step, time, D, V, values) in enumerate(given)
    ]
    words = dict(model=model, learn=learn)
    plain = [a.state for a in feed(Session(watching(**words)), given)]
    states = [a.state for a in feed(Session(watching(**words)), jumped)]
    assert 3 not in plain and states[:12] == plain[:12] and 3 in states[12:14]


@pytest.mark.parametrize("learn", [False, True])
@pytest.mark.parametrize("at", [5, 20, 77])
def test_restart_continues_bit_for_bit(model, tmp_path, learn, at):
    given = rows(56, 130)
    words = dict(model=model, learn=learn, observe=["pe", "press"])
    whole = Session(watching(store=str(tmp_path / "whole.h5md"), **words))
    expected = feed(whole, given)
    whole.close()
    first = Session(watching(store=str(tmp_path / "first.h5md"), **words))
    feed(first, given[:at])
    shutil.copyfile(tmp_path / "first.h5md", tmp_path / "run.h5md")  # what kill -9 leaves
    first.close()
    restart = {"snapshots": at, "step": given[at - 1][0]}
    again = Session(
        watching(store=str(tmp_path / "run.h5md"), step=restart["step"], restart=restart, **words)
    )
    for got, want in zip(feed(again, given[at:]), expected[at:], strict=True):
        np.testing.assert_array_equal(got[:-1], want[:-1])
        np.testing.assert_array_equal(got.estimates, want.estimates)
    again.close()


def test_another_model_after_a_restart_is_said(model, tmp_path):
    given, path = rows(57, 60), str(tmp_path / "run.h5md")
    one = Session(watching(store=path, model=model))
    feed(one, given)
    one.close()
    restart = {"snapshots": 60, "step": given[-1][0]}
    two = Session(watching(store=path, step=given[-1][0], restart=restart))
    assert any("the monitor's settings changed" in line for line in two.drain_messages())
    two.close()


def edited(model, folder, **changes):
    """The model with other words about it."""
    path = str(folder / "other.h5")
    shutil.copyfile(model, path)
    with h5py.File(path, "r+") as file:
        about = json.loads(file["about"].asstr()[()])
        for name, value in changes.items():
            about[name] = value
        del file["about"]
        file.create_dataset("about", data=json.dumps(about), dtype=h5py.string_dtype())
        file.attrs["content_sha256"] = content_digest(file, "content_sha256")
    return path


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"units": "real"}, "was made with units metal, this run has real"),
        ({"size": 12}, "was made with components of D 9, this run has 12"),
        ({"nfreq": 200}, "was made with a snapshot every 0.5 ps, this run has 1 ps"),
        ({"dt": 0.004}, "was made with a snapshot every 0.5 ps, this run has 0.4 ps"),
        ({"nrepeat": 4}, "was made with samples in an average 5, this run has 4"),
        ({"nevery": 10}, "was made with samples every 0.025 ps, this run has 0.05 ps"),
        ({"masses": [63.5]}, r"was made with species of masses \[26.98\], this run has \[63.5\]"),
        ({"masses": [26.98, 63.5]}, r"\[26.98\], this run has \[26.98 63.5\]"),
        ({"natoms": 200}, "was made with 100 to 105 atoms, this run has 200"),
        ({"descriptor": {"family": "bso4", "rcut": 5.0, "words": {"twojmax": "4"}}},
         "was made with descriptor setting rcut 4.7, this run has 5"),
        ({"descriptor": {"family": "bso4", "rcut": 4.7, "words": {"twojmax": "6"}}},
         "was made with descriptor setting twojmax 4, this run has 6"),
        ({"observe": ["hcp"]}, r"observe hcp: .* or that the model \(pe, press\) knows"),
        ({"reference": 50}, "reference 50: .* there is nothing to freeze; expected no reference"),
        ({"ensemble": "yes"}, "ensemble yes: .* there is nothing to share; expected the word learn"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(model, changes, says):
    with pytest.raises((ModelFileError, ValueError), match=says):
        Session(watching(model=model) | changes)


def test_a_kind_other_than_that_of_the_model_is_refused(model):
    says = "observe pe:per-atom: the model has it extensive, expected that or pe alone"
    with pytest.raises(ValueError, match=says):
        Session(watching(model=model, observe=["pe:per-atom"]))
    Session(watching(model=model, observe=["pe:extensive", "press:per-atom"]))


def test_settings_of_the_monitor_that_contradict_the_model(model, tmp_path):
    path = tmp_path / "monitor.toml"
    for text, says in (
        ("order = 3", "was made with order 1, but monitor setting order = 3"),
        ("n_bags = 5", "was made with n_bags 20, but monitor setting n_bags = 5"),
        ("virial = true", "judges by D alone, but monitor setting virial = true"),
    ):
        path.write_text(text)
        with pytest.raises(ValueError, match=says):
            Session(watching(model=model, monitor=str(path)) | {"virial": True})
    path.write_text("order = 1\nm_limit = 3.0\n")
    assert Session(watching(model=model, monitor=str(path)))._monitor.config.m_limit == 3.0


@pytest.mark.parametrize("kind", ["missing", "folder", "run", "newer", "cut", "before", "text"])
def test_files_that_are_no_such_model(model, tmp_path, kind):
    path = tmp_path / "other.h5"
    if kind == "folder":
        path.mkdir()
    elif kind == "run":
        one = Session(watching(store=str(path)))
        feed(one, rows(1, 3))
        one.close()
    elif kind == "text":
        path.write_text("units metal\n")
    elif kind == "before":
        path = edited(model, tmp_path, sampling={"dt": None})
    elif kind != "missing":
        shutil.copyfile(model, path)
        if kind == "newer":
            with h5py.File(path, "r+") as file:
                file.attrs["schema"] = 99
        else:
            path.write_bytes(path.read_bytes()[:5000])
    says = {
        "missing": "no such file", "folder": "is a folder", "run": r"is a run \(H5MD\)",
        "newer": "schema 99", "cut": "truncated or corrupt", "text": "not an HDF5 file",
        "before": "does not say how its snapshots were averaged",
    }[kind]  # fmt: skip
    with pytest.raises(ModelFileError, match=says) as caught:
        Session(watching(model=str(path)))
    assert str(path) in str(caught.value)


def test_a_store_is_not_begun_if_the_model_is_refused(model, tmp_path):
    path = tmp_path / "run.h5md"
    with pytest.raises((ModelFileError, StoreError)):
        Session(watching(model=model, store=str(path)) | {"units": "real"})
    assert not path.exists()
