"""Rounded tables made smooth: formulas that were rounded, and iron as LAMMPS ships it."""

import json
import warnings

import numpy as np
import pytest
from ase.build import bulk

from dbar.cli import main
from dbar.entropy import ReferenceCalculator, RoughPotentialWarning, formation_entropy, smooth_table
from dbar.lammps import potentials_dir
from dbar.potential.eam_table import EamTable, read_table

N, DR, DRHO, CUTOFF, KINK = 5000, 1e-3, 0.02, 5.0, 2.05


def pair(r):
    """r phi(r) with third derivatives that jump at 4.3 and 5, and a second one that does at 2.05."""
    cubes = -1.3 * np.maximum(4.3 - r, 0) ** 3 + 0.4 * np.maximum(CUTOFF - r, 0) ** 3
    return 30 * np.exp(-2 * r) + cubes + 0.5 * np.maximum(KINK - r, 0) ** 2


def density(r):
    return np.pi * np.maximum(4.2 - r, 0) ** 3


def embedding(rho):
    return -np.sqrt(rho) + 2e-4 * rho**2


def synthetic(digits=9, jump=0.0):
    r, rho = DR * np.arange(N), DRHO * np.arange(N)
    high = pair(r) + jump * (r > 3.21)
    values = [np.round(v, digits) for v in (embedding(rho), density(r), high)]
    comments = ["DATE: 2024-01-01 UNITS: metal", "made up", "by a test"]
    header = ["26 55.845 2.8553 bcc"]
    return EamTable(
        comments, ["Fe"], header, DRHO, DR, CUTOFF, [values[0]], [[values[1]]], [values[2]]
    )


def test_formulas_come_back(tmp_path):
    """Second derivatives of what is written, which the rounding had made noise of."""
    raw = synthetic()
    raw.write(tmp_path / "raw.eam.fs")
    said = smooth_table(tmp_path / "raw.eam.fs", tmp_path / "new.eam.fs")
    made = read_table(tmp_path / "new.eam.fs")
    assert (made.elements, made.dr, made.drho, made.cutoff) == (["Fe"], DR, DRHO, CUTOFF)
    assert [one.name for one in said] == ["F Fe", "rho Fe", "r phi Fe Fe"]
    assert said[2].kinks == (KINK,) and said[0].kinks == said[1].kinks == ()
    r, rho = DR * np.arange(N), DRHO * np.arange(N)
    cases = ((raw.embedding[0], made.embedding[0], embedding, rho, 2.0),
             (raw.density[0][0], made.density[0][0], density, r, 1.1),
             (raw.pair[0], made.pair[0], pair, r, 1.1))  # fmt: skip
    for one, (old, new, formula, x, low) in zip(said, cases, strict=True):
        # of rounding at 1e-9 the spread is 1e-9/sqrt(12)
        assert one.noise == pytest.approx(1e-9 / np.sqrt(12), rel=0.5)
        assert one.residual == np.max(np.abs(new - old)) < 5e-9
        inside = x > low
        np.testing.assert_allclose(new[inside], formula(x[inside]), atol=1e-9)
        h = x[1]
        curved, before, exact = (np.diff(v, 2) / h**2 for v in (new, old, formula(x)))
        away = (np.abs(x - KINK) > 3 * h)[1:-1] & inside[1:-1]
        # the exact one from the formula's own differences; the noise of the old one is 2.4 noise/h^2
        assert np.max(np.abs(curved - exact)[away]) < 0.02 * np.max(np.abs(before - exact)[away])
    assert np.all(made.density[0][0][r > 4.2] == 0.0)  # as far as it was
    below = r < 1.0
    assert np.array_equal(made.pair[0][below], raw.pair[0][below])


def test_low_is_where_it_begins(tmp_path):
    raw = synthetic()
    raw.write(tmp_path / "raw.eam.fs")
    smooth_table(tmp_path / "raw.eam.fs", tmp_path / "new.eam.fs", low=2.5)
    made, below = read_table(tmp_path / "new.eam.fs"), DR * np.arange(N) < 2.5
    assert np.array_equal(made.pair[0][below], raw.pair[0][below])
    assert not np.array_equal(made.pair[0], raw.pair[0])


def test_written_as_it_is_read(tmp_path):
    """eam/fs of two elements and eam/alloy: every number comes back, the words as well."""
    names = ["FeP_mm.eam.fs", "Cu_mishin1.eam.alloy"]
    for name, densities in zip(names, (2, 1), strict=True):
        first = read_table(potentials_dir() / name)
        assert all(len(one) == densities for one in first.density)
        first.write(tmp_path / name)
        again = read_table(tmp_path / name)
        assert (first.comments, first.headers) == (again.comments, again.headers)
        for (one, _, a, i), (other, _, b, j) in zip(
            first.functions(), again.functions(), strict=True
        ):
            assert one == other and np.array_equal(a[i], b[j])


@pytest.fixture(scope="module")
def iron(tmp_path_factory):
    out = tmp_path_factory.mktemp("iron") / "Fe.eam.fs"
    return out, smooth_table(potentials_dir() / "Fe_mm.eam.fs", out)


def test_iron_as_lammps_ships_it(iron):
    """A vacancy in 128 sites: entropies do not depend on the step, nothing is rough any more."""
    out, said = iron
    assert said[2].kinks == (2.0,)  # where exponential and cubes of this potential meet
    assert all(one.excess < 8 and one.knots < 100 for one in said)
    perfect = bulk("Fe", cubic=True, a=2.8553) * (4, 4, 4)
    holed = perfect.copy()
    del holed[0]
    found, forces = {}, {}
    for words in (f"* * {out} Fe", "* * Fe_mm.eam.fs Fe"):
        for step in (1e-4, 1e-3):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                with ReferenceCalculator("eam/fs", words, relax=True, step=step) as calculator:
                    cells = [calculator(atoms) for atoms in (holed, perfect)]
            rough = [w for w in caught if w.category is RoughPotentialWarning]
            assert len(rough) == (0 if "mm" not in words else 2 if step == 1e-4 else len(rough))
            found[words, step] = formation_entropy(*cells, "determinant")
            forces[words, step] = cells[0]
    (smooth, same), (raw, other) = np.reshape(list(found.values()), (2, 2))
    assert same == pytest.approx(smooth, abs=1e-3) and abs(raw - other) > 0.05
    a, b = forces[f"* * {out} Fe", 1e-4], forces["* * Fe_mm.eam.fs Fe", 1e-4]
    assert a.energy == pytest.approx(b.energy, abs=1e-6)
    np.testing.assert_allclose(a.atoms.positions, b.atoms.positions, atol=1e-5)


@pytest.mark.shared
def test_entropy_of_a_vacancy(iron, shared_data):
    """2.22 k_B at 250 sites, and the table is that which was fitted with the potential's own form."""
    perfect = bulk("Fe", cubic=True, a=2.855312) * (5, 5, 5)
    holed = perfect.copy()
    del holed[0]
    with ReferenceCalculator("eam/fs", f"* * {iron[0]} Fe", relax=True) as calculator:
        cells = [calculator(atoms) for atoms in (holed, perfect)]
    assert formation_entropy(*cells, "determinant") == pytest.approx(2.22, abs=0.005)
    mine = read_table(iron[0])
    theirs = read_table(shared_data / "fe-entropy" / "Fe_smooth.eam.fs")
    r = mine.dr * np.arange(len(mine.pair[0]))
    away = (r > 2.1)[1:-1]
    for a, b in ((mine.pair[0], theirs.pair[0]), (mine.density[0][0], theirs.density[0][0])):
        np.testing.assert_allclose(a[1:-1][away], b[1:-1][away], atol=5e-9)
        curved = [np.diff(v, 2)[away] / mine.dr**2 for v in (a, b)]
        # noise of the shipped table: 0.01 and more
        assert np.quantile(np.abs(curved[0] - curved[1]), 0.99) < 1e-4


def run(*words):
    return main(["entropy", "smooth", *map(str, words)])


def test_command(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("Fe_mm.eam.fs", "new.eam.fs") == 0
    assert "r phi Fe Fe" in capsys.readouterr().out
    assert run("Fe_mm.eam.fs", "new.eam.fs", "--low", 1.5, "--json") == 0  # its own is replaced
    answer = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in answer["functions"]] == ["F Fe", "rho Fe", "r phi Fe Fe"]
    assert answer["ok"] and answer["functions"][2]["kinks"] == [2.0]
    assert [p.name for p in tmp_path.iterdir()] == ["new.eam.fs"]


def test_the_warning_names_the_command():
    holed = bulk("Fe", cubic=True, a=2.8553) * (3, 3, 3)
    del holed[0]
    with pytest.warns(RoughPotentialWarning, match="`dbar entropy smooth TABLE NEW`"):
        with ReferenceCalculator("eam/fs", "* * Fe_mm.eam.fs Fe", relax=True) as calculator:
            calculator(holed)


def damaged(path):
    text = (potentials_dir() / "Fe_mm.eam.fs").read_text()
    path.write_text(text[: len(text) // 2])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["none.eam.fs", "new.eam.fs"], "none.eam.fs"),
        (["notes.txt", "new.eam.fs"], "notes.txt: line 4 and 5: found no numbers of elements"),
        (["short.eam.fs", "new.eam.fs"], "short.eam.fs: found another number of values than 30000"),
        (["nan.eam.fs", "new.eam.fs"], "nan.eam.fs: found numbers that are not finite"),
        (["raw.eam.fs", "raw.eam.fs"], "raw.eam.fs: is the input raw.eam.fs"),
        (["raw.eam.fs", "notes.txt"], "notes.txt: is a file that dbar did not write"),
        (["raw.eam.fs", "no/new.eam.fs"], "no"),
        (["raw.eam.fs", "new.eam.fs", "--low", -1], "low: found -1.0, expected a distance"),
        (["raw.eam.fs", "new.eam.fs", "--low", 4.9], "low: found 4.9 Å, expected it well below"),
        (["exact.eam.fs", "new.eam.fs"], "exact.eam.fs: found functions that are not rounded"),
        (["jump.eam.fs", "new.eam.fs"], "jump.eam.fs: r phi Fe Fe at r = 3.2"),
    ],
)
def test_refused(tmp_path, capsys, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    synthetic().write("raw.eam.fs")
    synthetic(digits=17).write("exact.eam.fs")
    synthetic(jump=1e-4).write("jump.eam.fs")
    bad = synthetic()
    bad.pair[0][77] = np.nan
    bad.write("nan.eam.fs")
    (tmp_path / "notes.txt").write_text("nothing\n" * 20)
    damaged(tmp_path / "short.eam.fs")
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    assert run(*words, "--json") == 1
    out, err = capsys.readouterr()
    assert message in json.loads(out)["error"] and message in err
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_full_disk(tmp_path, monkeypatch):
    """Nothing is left of a table that could not be written."""
    synthetic().write(tmp_path / "raw.eam.fs")

    def full(self, *rest, **more):
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr("pathlib.Path.write_text", full)
    with pytest.raises(OSError, match="No space left"):
        smooth_table(tmp_path / "raw.eam.fs", tmp_path / "new.eam.fs")
    assert [p.name for p in tmp_path.iterdir()] == ["raw.eam.fs"]
