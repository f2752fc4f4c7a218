"""What fits say of their own memory and clouds, on processes that are known to be one or the other."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from dbar.cli import main
from dbar.console.options import plain
from dbar.forecast import VAR
from dbar.report.ensemble_sections import NotPossible, memory, modes
from dbar.study import load, save
from dbar.study.adequacy import adequacy, as_facts, cautions
from dbar.study.replica_forecast import pooled_latent
from ensembles import ensemble
from h5md_ensembles import write_runs

SEED = 20261
FEW = ["--order", "1", "--dimension", "3"]


def walks(rng, coef, n=200, runs=6):
    """Runs (n, K) of a VAR of the diagonal coefficients (P, K), settled."""
    coef = np.atleast_2d(coef)
    order, size = coef.shape
    X = np.zeros((runs, n + 100, size))
    for k in range(order, n + 100):
        X[:, k] = sum(coef[p] * X[:, k - 1 - p] for p in range(order))
        X[:, k] += rng.standard_normal((runs, size))
    return list(X[:, 100:])


def judged(X, order=1):
    return adequacy(VAR(order, random_state=1).fit(X), X)


def test_a_right_model_has_nothing_to_be_cautious_about():
    found = judged(walks(np.random.default_rng(SEED), [0.9, 0.6, 0.2]))
    assert cautions(found, 0.5, "ps") == [] and not found.why
    facts = plain(as_facts(found, 0.5, "ps"))
    assert json.loads(json.dumps(facts)) == facts
    assert facts["memory"]["lags"][:2] == [0.5, 1.0] and facts["memory"]["p"] > 0.05
    assert len(facts["memory"]["z"]) == 3 and len(facts["clouds"]["p"]) == 3
    # slowest mode: -dtau / ln 0.9, within what 1,200 snapshots leave of it
    assert facts["memory"]["model_times"][0][0] == pytest.approx(-0.5 / np.log(0.9), rel=0.3)


def test_memory_that_the_coordinates_do_not_show():
    """The sum of a slow and a fast process is remembered longer than a VAR(1) of it knows."""
    hidden = walks(np.random.default_rng(SEED), [0.97, 0.2], 400)
    found = judged([x.sum(axis=1, keepdims=True) for x in hidden])
    (text,) = cautions(found, 0.5, "ps")
    assert text.startswith("the data remember longer than the model (p = 0.016")
    assert "go back to the mean too soon" in text and "try a larger --order" in text
    off = found.memory.correlation - found.memory.model_correlation
    k = int(np.argmax(np.where(np.abs(found.memory.z) >= 2.0, np.abs(off), 0.0)[:, 0]))
    assert off[k, 0] > 0.1
    assert f"{found.memory.lags[k] * 0.5:g} ps apart" in text
    assert f"is {found.memory.correlation[k, 0]:.2f}, the model has" in text


def test_a_difference_that_no_forecast_feels_is_no_caution():
    """With very many snapshots a tiny error of the model is certain, and does not matter."""
    hidden = walks(np.random.default_rng(SEED), [0.8, 0.6], 3000, 20)
    found = judged([x.sum(axis=1, keepdims=True) for x in hidden])
    assert found.memory.p < 0.05 and cautions(found, 0.5, "ps") == []


def test_memory_that_ends_sooner():
    """x swings back: 0.9 and -0.5 of the last two; a VAR(1) does not know, a VAR(2) does."""
    X = walks(np.random.default_rng(SEED), [[0.9], [-0.5]], 400)
    (text,) = cautions(judged(X), 0.5, "ps")
    assert text.startswith("the data remember less long than the model")
    assert "hold on to the present for too long" in text
    assert cautions(judged(X, 2), 0.5, "ps") == []


def test_two_states_are_no_cloud():
    rng = np.random.default_rng(SEED)
    x = walks(rng, [0.3, 0.3], 300)
    for part in x:
        side = np.sign(rng.standard_normal()) * np.where(np.arange(300) < 150, 1, -1)
        part[:, 0] += 6.0 * side
    texts = cautions(judged(x), 0.5, "ps")
    assert any(text.startswith("coordinate 1 of the runs looks like more") for text in texts)


def test_what_cannot_be_tested_says_why():
    short = [x[:6] for x in walks(np.random.default_rng(SEED), [0.5], 20, 3)]
    found = judged(short)
    assert found.memory is None and found.clouds is None and cautions(found, 1.0, "") == []
    facts = as_facts(found, 1.0, "")
    assert facts["memory"]["why"] == "runs of 6 snapshots are too short to compare lags"
    assert facts["clouds"]["why"] == "fewer than 20 snapshots make no histogram"


def test_fit_says_and_stores_it(tmp_path, capsys):
    paths = write_runs(tmp_path, 3, 50)
    out = str(tmp_path / "m.h5")
    assert main(["fit", *paths, "-o", out, *FEW]) == 0
    assert "memory: p = " in capsys.readouterr().out
    _, about = load(out)
    assert 0.0 < about["memory"]["p"] <= 1.0 and len(about["clouds"]["p_holm"]) == 3
    model, about = load(out)
    save(out, model, {**about, "cautions": ["the data remember longer"]})
    assert main(["forecast", out, paths[0], "--steps", "2", "--json"]) == 0
    assert "the data remember longer" in json.loads(capsys.readouterr().out)["warnings"]
    save(out, model, {**about, "cautions": [1]})
    assert main(["forecast", out, paths[0], "--steps", "2"]) == 1
    assert "about: cautions" in capsys.readouterr().err
    assert main(["fit", *paths, "-o", out, *FEW, "--no-checks", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert not {"memory", "clouds", "cautions"} & set(answer)
    assert "memory" not in load(out)[1]


def test_sections_of_tests_that_were_not_made():
    for section in (memory, modes):
        with pytest.raises(NotPossible, match=r"not tested \(--no-checks\)"):
            section(SimpleNamespace(adequacy=None))
        short = judged([x[:6] for x in walks(np.random.default_rng(SEED), [0.5], 20, 3)])
        with pytest.raises(NotPossible, match=r"too short to compare lags|make no histogram"):
            section(SimpleNamespace(adequacy=short))


def latents(name, dimension):
    parts = [run.D[:, 1:] / run.D[:, :1] for run in ensemble(name)]
    space = pooled_latent(parts, dimension)
    return [space(part) for part in parts]


@pytest.mark.shared
def test_platinum_remembers_longer_and_aluminium_does_not():
    """VAR(1) in five coordinates: platinum that orders fails, and so does its first coordinate."""
    found = judged(latents("pt-anneal", 5))
    first, second = cautions(found, 0.5, "ps")
    assert first.startswith("the data remember longer") and second.startswith("coordinate 1 of")
    assert found.clouds.p[0] < 0.02 < 0.1 < found.clouds.p[1:].min()
    times = 0.5 * found.memory.data[:, 0]
    assert times[0] == pytest.approx(25.0, abs=5.0) and times.max() > 2.0 * times[0]
    assert cautions(judged(latents("al-tension", 5)), 0.2, "ps") == []
