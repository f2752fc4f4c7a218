"""Studies: data whose law is known, simpler scores by hand, and one figure from beginning to end."""

import json

import numpy as np
import pytest
from ase.build import bulk
from PIL import Image
from scipy.stats import spearmanr

from dbar.cli import main
from dbar.descriptors import AFS, Bispectrum
from dbar.entropy import Database, EntropyModel, Sample
from dbar.entropy.studies import figures, learning
from dbar.entropy.studies.drawing import draw
from dbar.entropy.studies.page import PAPER, page
from dbar.entropy.studies.plan import Plan
from dbar.entropy.studies.run import run_study

LAW = AFS(4, nmax=3, lmax=2)
CELL = bulk("Fe", cubic=True, a=2.86) * (3, 3, 3)


def cell(rng, holes):
    atoms = CELL.copy()
    del atoms[rng.choice(len(atoms), holes, replace=False)]
    atoms.positions += rng.normal(scale=0.05, size=(len(atoms), 3))
    return atoms


@pytest.fixture(scope="module")
def database():
    """Sixty cells, the last thirty made of others, with entropies that are linear in D of LAW."""
    rng = np.random.default_rng(4)
    holes = rng.integers(1, 5, 60)
    atoms = [cell(rng, n) for n in holes]
    D = LAW.compute([CELL, *atoms])[0]
    w = rng.normal(size=D.shape[1] - 1) / D[:, 1:].std(axis=0)
    entropies = (D[:, 1:] @ w) + 0.5 * D[:, 0]
    formation = entropies[1:] - D[1:, 0] / len(CELL) * entropies[0]
    assert formation.std() > 1
    parents = np.r_[np.full(30, -1), rng.integers(0, 30, 30)]
    return Database(
        atoms, entropies[1:], [(CELL, entropies[0])], 300.0, rng.normal(size=60), np.zeros(60),
        np.full(60, 3), np.array([f"V{n}" for n in holes[:30]] + ["random"] * 30), np.zeros(60),
        np.full(60, 54), holes, np.zeros(60, int), parents, {},
    )  # fmt: skip


@pytest.fixture(scope="module")
def samples(database):
    names = {"other": Bispectrum(4, twojmax=2), "law": LAW}
    return {
        name: Sample(EntropyModel(one), database.atoms, database.entropies, database.bulk, 300.0)
        for name, one in names.items()
    }


def quiet(done, total):
    assert done <= total


def test_clusters_decide_and_random_cells_follow_the_law(samples, database, tmp_path):
    found = figures.random_set(samples, database, 2, 0, quiet)
    one = found["clusters_to_random"]
    assert found["descriptor"] == "law" and one["train"] == one["test"] == 30
    assert one["rmse"] < 1e-3 * one["others"]["other"]["rmse"]
    assert one["without_parents"]["rmse"] < 0.01
    assert one["slope"] == pytest.approx(1, abs=1e-4)
    assert one["largest"] == samples["law"].reference[30:].max()
    assert [row["train"] for row in found["all"]] == [54, 42, 30, 18, 6]
    text = page({"6": found})
    assert PAPER[6] in text and f"| {one['others']['other']['rmse']:.2f} |" in text
    draw(6, found, tmp_path / "six.png")
    with Image.open(tmp_path / "six.png") as image:
        assert image.size[0] > 1000


def test_curves_are_means_of_divisions(samples):
    sample = samples["other"]
    (row,) = learning.learning_curve(sample, [0.3], 3, 7, quiet)
    found = []
    for split in range(3):
        order = np.random.default_rng([7, split]).permutation(60)
        found.append(sample.held_out(order[18:], order[:18]).rmse)
    assert row["train"] == 42
    assert row["rmse"] == pytest.approx(np.mean(found))
    assert row["rmse_std"] == pytest.approx(np.std(found, ddof=1))


def test_simpler_scores(samples, database):
    sample, labels = samples["other"], database.labels
    errors = []
    for k in range(60):
        rest = (labels == labels[k]) & (np.arange(60) != k)
        errors.append(sample.reference[rest].mean() - sample.reference[k])
    wanted = np.sqrt(np.mean(np.square(errors)))
    assert learning.class_mean(sample, labels, folds=60) == pytest.approx(wanted)
    train, test = np.arange(30), np.arange(30, 60)
    w = (database.vacancies[:30] @ sample.reference[:30]) / np.sum(database.vacancies[:30] ** 2)
    off = w * database.vacancies[30:] - sample.reference[30:]
    counted = learning.counts(sample, database.vacancies, database.interstitials, train, test)
    assert counted == pytest.approx(np.sqrt(np.mean(off**2)))
    one = sample.held_out(train, test)
    assert learning.rank_correlation(one) == spearmanr(one.grade, np.abs(one.errors))[0]


def test_figures_of_clusters(samples, database, tmp_path):
    found = {
        2: figures.descriptors(samples, database.labels, database.vacancies,
                               database.interstitials, 0),
        4: figures.classes(samples["law"], database.labels),
        5: figures.defects(database, np.arange(30, 60)),
    }  # fmt: skip
    strains = np.repeat([0.0, 1.0, 2.0], 20)
    found[3] = figures.strains(samples["law"], strains, database.labels, 0)
    assert found[2]["scores"]["law"]["rmse"] < 0.1 * found[2]["baselines"]["class mean"]
    assert set(found[3]["unseen_strain"]) == {"0", "1", "2"}
    random = found[4]["classes"]["random"]
    assert random["mean"] == pytest.approx(samples["law"].reference[30:].mean())
    assert found[5]["vacancies"] == database.vacancies[30:].tolist()
    text = page(found)
    assert all(f"## Figure {k}" in text and PAPER[k] in text for k in found)
    for number, one in found.items():
        draw(number, one, tmp_path / f"{number}.png")
        json.dumps(one, allow_nan=False)


def test_a_figure_from_beginning_to_end(tmp_path, capsys):
    """What is there is kept; another folder is left alone."""
    plan = Plan(minima=50, splits=2, atoms=13)
    found = run_study(tmp_path, [7], plan=plan)["7"]
    assert found["configurations"] == 50
    text = (tmp_path / "study.md").read_text()
    assert f"{found['scores']['half and half']['rmse']:.2f}" in text and PAPER[7] in text
    held = (tmp_path / "lj38.h5").read_bytes()
    again = run_study(tmp_path, [7], plan=plan)["7"]
    assert again == found and (tmp_path / "lj38.h5").read_bytes() == held
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "figure7.png").write_text("mine")
    with pytest.raises(ValueError, match=r"found figure7.png, expected an empty folder"):
        run_study(tmp_path / "mine", [7], plan=plan)
    (tmp_path / "mine" / "figure7.png").unlink()
    (tmp_path / "mine").rmdir()
    with pytest.raises(ValueError, match=r"figures: found \[1\], expected some of"):
        run_study(tmp_path, [1], plan=plan)
    assert main(["entropy", "study", "-o", str(tmp_path), "--figures", "7"]) == 1
    assert "atoms: found 13 in the file, expected 38 as now" in capsys.readouterr().err
