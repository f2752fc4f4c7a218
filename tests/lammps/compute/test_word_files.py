"""`basis FILE` and `select FILE`: rank 0 reads, all ranks compute, and what is written outlives the file."""

import json

import numpy as np
import pytest
from ase import Atoms

from basis_files import basis_content
from blocks import read_dump, run_dbar, system
from dbar.bias import CollectiveVariable
from dbar.descriptors import SOAP
from dbar.descriptors.command import expanded
from dbar.descriptors.word_files import basis_word
from dbar.potential import LinearPotential
from dbar.report import report
from dbar.trajectory import read

VOIGT = [0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]
DUMP = "dump d all custom 1 dump.txt id type x y z\ndump_modify d format float %.17g\n"
SPECIES = ["Al", "Ni"]


def content(mixed=False, per_centre=True, **given):
    given = {"rcut": 4.7, "sigma": 0.5, "nmax": 4, "lmax": 2, "qmax": 2, **given}
    return basis_content(SPECIES, mixed, per_centre, **given)


def write(folder, name="basis.json", **given):
    found = content(**given)
    (folder / name).write_text(json.dumps(found))
    return found


def dumped(folder, name="dump.txt"):
    _, cell, rows = read_dump(folder / name)[0]
    symbols = [SPECIES[int(t) - 1] for t in rows[:, 0]]
    return Atoms(symbols, rows[:, 1:4], cell=cell, pbc=True), rows


def close(found, expected, tolerance=1e-12):
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= tolerance * np.abs(expected).max()


@pytest.mark.parametrize("mixed", [False, True])
def test_any_number_of_ranks_and_offline(lammps, tmp_path, mixed):
    basis = write(tmp_path, mixed=mixed)
    words = "basis basis.json center 0.5 virial yes perspecies yes"
    script = system("triclinic", 2) + f"compute d all dbar soap 4.7 {words}\n"
    D1, V1 = run_dbar(lammps, script + DUMP)
    for ranks in (2, 4):
        D, V = run_dbar(lammps, script, np=ranks)
        close(D[1:], D1[1:])
        close(V[1:], V1[1:])
    atoms, _ = dumped(tmp_path)
    descriptor = SOAP(4.7, basis=basis, center=0.5, species=SPECIES, perspecies=True)
    D, V = descriptor.compute(atoms, virial=True)
    close(D1, D)
    close(V1[1:], V[1:][(slice(None), *VOIGT)])


@pytest.mark.parametrize("order", [1, 2, 3])
def test_selected_components(lammps, tmp_path, order):
    full = SOAP(4.7, order=order, nmax=3, lmax=2, species=["1", "2"])
    chosen = full.labels[1::3]
    (tmp_path / "kept.txt").write_text("# some\n" + "\n".join(chosen) + "\n")
    script = system("triclinic", 2) + (
        f"compute d all dbar soap 4.7 order {order} nmax 3 lmax 2 select kept.txt virial yes\n"
    )
    D, V = run_dbar(lammps, script + DUMP, np=2)
    atoms, _ = dumped(tmp_path)
    expected, virial = SOAP(4.7, order=order, nmax=3, lmax=2, species=SPECIES).compute(atoms, True)
    rows = np.concatenate([[0], 1 + np.arange(1, full.n_components, 3)])
    close(D, expected[rows])
    close(V[1:], virial[rows][(slice(None), *VOIGT)][1:])


def test_numbers_in_the_script(lammps, tmp_path):
    script = system("orthogonal", 1) + "compute d all dbar soap 4.7 select 7 2 virial no nmax 3\n"
    D, _ = run_dbar(lammps, script + DUMP, virial=False)
    script = script.replace("select 7 2 ", "")
    full, _ = run_dbar(lammps, script, virial=False)
    close(D, full[[0, 2, 7]])


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_store_outlives_the_file(lammps, tmp_path, ranks):
    """From the stored words the descriptor is made again after the basis and the selection are gone."""
    write(tmp_path)
    (tmp_path / "kept.txt").write_text("3 5\n8\n")
    script = system("triclinic", 2) + (
        "compute d all dbar soap 4.7 basis basis.json select kept.txt\n"
        "fix w all dbar/stream 1 1 1 d store run.h5md snapshot every 1 monitor none\nrun 2\n"
    )
    lammps(script, np=ranks)
    for name in ("basis.json", "kept.txt"):
        (tmp_path / name).unlink()
    run = read(tmp_path / "run.h5md")
    words = run.parameters["descriptor"]["words"]
    assert words["select"] == "3 5 8" and words["basis"].startswith("dbar-basis/1,")
    descriptor = expanded(run.parameters["descriptor"], SPECIES)
    kept = run.snapshots
    symbols = [SPECIES[t - 1] for t in kept.species[0]]
    atoms = Atoms(symbols, kept.position[0], cell=kept.edges[0], pbc=True)
    close(descriptor.compute(atoms)[0], run.D[0], 1e-9)


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_potential_outlives_the_file(lammps, tmp_path, ranks):
    basis = write(tmp_path, mixed=True)
    descriptor = SOAP(4.7, basis=tmp_path / "basis.json", select=[2, 3, 9], species=SPECIES)
    (tmp_path / "basis.json").unlink()
    numbers = np.random.default_rng(3).normal(size=(2, 4))
    LinearPotential(numbers, descriptor).export(tmp_path / "model.json")
    model = LinearPotential.load(tmp_path / "model.json")
    given = dict(basis=basis, select=[2, 3, 9], species=SPECIES, perspecies=True)
    assert model.descriptor.settings() == SOAP(4.7, **given).settings()
    script = system("triclinic", 2).partition("pair_style")[0] + (
        "pair_style dbar\npair_coeff * * model.json Al Ni\n"
        "dump x all custom 1 x.dump id type x y z fx fy fz\n"
        'dump_modify x sort id format float "%.17g"\nrun 0\n'
    )
    lammps(script, np=ranks)
    atoms, rows = dumped(tmp_path, "x.dump")
    _, forces, _ = model.evaluate(atoms)
    close(rows[:, 4:7], forces, 1e-9)


BIAS = (
    "compute d all dbar soap 4.7 basis BASIS virial yes\nfix p all dbar/plumed d plumed.dat cv s.json\n"
    "dump x all custom 1 x.dump id type x y z fx fy fz\n"
    'dump_modify x sort id format float "%.17g"\nrun 0\n'
)


def variable(folder):
    basis = write(folder)
    descriptor = SOAP(4.7, basis=basis, species=SPECIES)
    row = np.random.default_rng(4).normal(size=(1, 1 + descriptor.n_components))
    found = CollectiveVariable("s", descriptor, row, per_atom=True)
    found.export(folder / "s.json")
    (folder / "plumed.dat").write_text(
        "s: EXTRACV NAME=s\nRESTRAINT ARG=s AT=0 SLOPE=10 KAPPA=0\nPRINT ARG=s FILE=COLVAR FMT=%.15g\n"
    )
    return found


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_variable_of_the_same_basis(lammps, tmp_path, ranks):
    found = variable(tmp_path)
    lammps(system("triclinic", 2) + BIAS.replace("BASIS", "basis.json"), np=ranks)
    atoms, rows = dumped(tmp_path, "x.dump")
    expected = found.forces(atoms)
    assert float((tmp_path / "COLVAR").read_text().split()[-1]) == pytest.approx(
        expected.value, rel=1e-9
    )
    scale = (rows[:, 4:7] * expected.forces).sum() / (expected.forces**2).sum()
    close(rows[:, 4:7], scale * expected.forces, 1e-9)


def test_a_variable_of_another_basis_is_refused(lammps, tmp_path):
    """The digest stands in the words, so the message is short and tells the two apart."""
    variable(tmp_path)
    write(tmp_path, "other.json", seed=1)
    done = lammps(system("triclinic", 2) + BIAS.replace("BASIS", "other.json"), np=2, ok=False)
    assert done.returncode != 0 and len(done.errors) == 1
    (line,) = done.errors
    assert "s.json: basis: found dbar-basis/1," in line and len(line) < 400


def damaged(folder, name):
    text = (folder / "basis.json").read_text()
    if name == "missing":
        (folder / "basis.json").unlink()
    elif name == "cut":
        (folder / "basis.json").write_text(text[: len(text) // 2])
    elif name == "folder":
        (folder / "basis.json").unlink()
        (folder / "basis.json").mkdir()
    elif name == "nan":
        (folder / "basis.json").write_text(text.replace("[[[[[", "[[[[[NaN, ", 1))
    elif name == "deep":
        (folder / "basis.json").write_text('{"matrices": ' + "[" * 200000)
    elif name == "empty":
        (folder / "basis.json").write_text("")
    else:
        found = {**json.loads(text), **json.loads(name)}
        (folder / "basis.json").write_text(json.dumps(found))


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("missing", "Compute dbar: soap basis basis.json: the file cannot be read"),
        ("folder", "Compute dbar: soap basis basis.json: the file cannot be read"),
        ("cut", "Compute dbar: soap basis basis.json: [json.exception.parse_error"),
        ("empty", "Compute dbar: soap basis basis.json: [json.exception.parse_error"),
        ("nan", "Compute dbar: soap basis basis.json: [json.exception.parse_error"),
        ("deep", "brackets within brackets, more than 100 deep"),
        ('{"schema": "dbar-cv/1"}', 'schema: found "dbar-cv/1", expected "dbar-basis/1"'),
        ('{"rcut": 5.0}', "soap Rcut: found 4.7, expected that 5 of the optimal basis"),
        ('{"sigma": 0.0}', "basis.json: sigma: found 0, expected a length from rcut / 100"),
        ('{"qmax": 3}', "matrices[0][0][0]: found [[", ),
        ('{"species": ["Al"]}', "basis.json: matrices: found [[[[["),
        ('{"mixed": "no"}', 'mixed: found "no", expected true or false'),
    ],
)  # fmt: skip
def test_one_error_on_all_ranks(lammps, tmp_path, damage, message, ranks):
    write(tmp_path)
    damaged(tmp_path, damage)
    script = system("orthogonal", 2) + "compute d all dbar soap 4.7 basis basis.json\nrun 0\n"
    done = lammps(script, np=ranks, ok=False)
    assert done.returncode != 0 and len(done.errors) == 1
    assert message in " ".join(done.output.split()) and len(done.output) < 20000


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("basis", "soap basis: found nothing after it, expected gto, dvr, or a file"),
        ("basis basis.json sigma 0.4", "soap sigma: found 0.4, expected that 0.5 of the optimal basis"),
        ("basis basis.json nmax 3", "soap nmax: found 3, expected at most the 2 functions"),
        ("basis basis.json lmax 3", "soap lmax: found 3, expected at most that 2"),
        ("select nowhere.txt", "Compute dbar: soap select nowhere.txt: the file cannot be read"),
        ("select", "soap select: found nothing after it, expected numbers or labels"),
        ("select 0", "soap select: found '0', expected numbers from 1 to 144"),
        ("select 2 2", "soap select: found '2', expected each component once"),
        ("select none.txt", "soap select none.txt: found no component"),
        ("select odd.txt", "soap select: found '1,n0,1,n9,l0', expected numbers from 1 to 144 or labels"),
    ],
)  # fmt: skip
def test_words_that_do_not_fit(lammps, tmp_path, words, message):
    write(tmp_path)
    (tmp_path / "none.txt").write_text("# nothing\n")
    (tmp_path / "odd.txt").write_text("1,n0,1,n0,l0\n1,n0,1,n9,l0\n")
    script = system("orthogonal", 2) + f"compute d all dbar soap 4.7 {words}\nrun 0\n"
    done = lammps(script, np=2, ok=False)
    assert done.returncode != 0 and len(done.errors) == 1
    assert message in " ".join(done.output.split())


def test_the_log_tells_of_knots_and_errors(lammps, tmp_path):
    script = system("orthogonal", 1) + "compute d all dbar soap 4.7 accuracy 1e-6\n"
    done = lammps(script + "run 0\n")
    about = SOAP(4.7, accuracy=1e-6).splines()
    assert about["largest_relative"] < 1e-6
    line = f"compute dbar d: radial functions on {about['knots']} knots, largest error {about['largest_relative']:.2g}"
    assert line in done.output


def test_the_report_shows_the_beginning_of_a_basis(lammps, tmp_path):
    """Numbers of a basis would fill the page."""
    write(tmp_path)
    script = system("triclinic", 2) + (
        "compute d all dbar soap 4.7 basis basis.json\n"
        "fix w all dbar/stream 1 1 1 d store run.h5md monitor none\nrun 5\n"
    )
    lammps(script, np=1)
    page = tmp_path / "report.html"
    report(tmp_path / "run.h5md", page)
    text, word = page.read_text(), basis_word(content(), SPECIES)
    assert word[:60] + "..." in text and word[:80] not in text and len(word) > 1000
