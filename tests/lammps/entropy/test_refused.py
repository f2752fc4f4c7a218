"""What `compute dbar/entropy` refuses: one error on all ranks, whatever was changed between runs."""

import json

import numpy as np
import pytest

from dbar.entropy import EntropyModel
from entropy_models import cluster_model, iron_model
from entropy_runs import DUMP, MINIMIZE, PRINT, SHOW, D, assert_same, dumped, iron_cell, said

S = "compute s all dbar/entropy d fe.json\n"
RUN = SHOW + "run 0\n"
AT_REST = SHOW + MINIMIZE


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Files of iron and of clusters, and one that knows of no temperature."""
    folder = tmp_path_factory.mktemp("models")
    iron_model().export(folder / "fe.json")
    cluster_model().export(folder / "ar.json")
    content = json.loads((folder / "fe.json").read_text())
    (folder / "cold.json").write_text(json.dumps({**content, "temperature": None}))
    (folder / "noise.json").write_text(json.dumps({**content, "noise": -1.0}))
    (folder / "half.json").write_text((folder / "fe.json").read_text()[:2000])
    (folder / "cv.json").write_text('{"schema": "dbar-cv/1"}')
    return folder


@pytest.fixture
def here(models, tmp_path):
    for file in models.iterdir():
        (tmp_path / file.name).symlink_to(file)


TWO = iron_cell().replace("create_box 1", "create_box 2").replace("mass 1", "mass *")
TWO = TWO.replace("eam.fs Fe", "eam.fs Fe Fe")
# id: (script, words that the error must contain)
BAD = {
    # words
    "no words": (D + "compute s all dbar/entropy\n", ["expected the ID of a compute dbar"]),
    "no file": (D + "compute s all dbar/entropy d\n", ["expected the ID", "FILE of a model"]),
    "cold": (D + S.rstrip() + " temp 0\n", ["keyword temp", "above 0", "found 0"]),
    "below": (D + S.rstrip() + " temp -300\n", ["keyword temp", "above 0", "found -300"]),
    "no number": (D + S.rstrip() + " temp\n", ["keyword temp", "above 0", "found nothing"]),
    "negative force": (D + S.rstrip() + " force -1\n", ["keyword force", "or no", "found -1"]),
    "keyword": (D + S.rstrip() + " tmp 300\n", ["unknown keyword tmp", "temp or force"]),
    "group": (
        "group some id 1:9\n" + D + S.replace("all", "some"), ["group some", "expected all"],
    ),
    # the compute dbar
    "no compute": (S, ["compute d does not exist", "compute dbar"]),
    "another style": ("compute d all pe\n" + S, ["compute d has style pe", "expected dbar"]),
    "part of the atoms": (
        "group some id 1:9\n" + D.replace("all", "some") + S, ["compute d of group some", "all"],
    ),
    "averages": (
        D.replace("d all", "e all") + "fix w all dbar/stream 1 1 1 e monitor none\n"
        + D.rstrip() + " average w\n" + S,
        ["keyword average", "at rest"],
    ),
    "another descriptor": (D.replace("nmax 3", "nmax 4") + S, ["fe.json", "nmax 3", "expected 4"]),
    "another cutoff": (D.replace("3.6", "3.7") + S, ["fe.json", "rcut 3.6", "expected 3.7"]),
    "blocks": (D.rstrip() + " perspecies yes\n" + S, ["perspecies False", "expected True"]),
    "family": ("compute d all dbar bso4 3.6\n" + S, ["family afs", "expected bso4"]),
    # the file
    "nowhere": (D + S.replace("fe", "no"), ["no.json: cannot be read", "expected a model"]),
    "another schema": (D + S.replace("fe", "cv"), ["cv.json", "dbar-cv/1", "dbar-entropy/1"]),
    "cut off": (D + S.replace("fe", "half"), ["half.json", "JSON"]),
    "damaged": (D + S.replace("fe", "noise"), ["noise.json", "noise", "-1.0", "above 0"]),
    "units": (
        D.replace("3.6", "4") + S.replace("fe", "ar"), ["ar.json", "lammps_units", "lj", "metal"],
    ),
    "no temperature": (
        D + S.replace("fe", "cold").rstrip() + " temp 300\n", ["cold.json", "temperature", "null"],
    ),
    # the configuration
    "moving": (
        D + S + SHOW + "displace_atoms all random 0.2 0.2 0.2 7\nrun 0\n",
        ["force", "expected at most 0.01", "at rest"],
    ),
    "a limit": (
        D + S.rstrip() + " force 1e-12\n" + AT_REST + "run 0\n",
        ["force", "expected at most 1e-12", "at rest"],
    ),
    "volume": (
        D + S + "change_box all x scale 1.001 remap\n" + AT_REST, ["volume", "for 53 atoms", "11.6"],
    ),
    "lattice": (
        D + S + "change_box all triclinic\nchange_box all xy final 0.7 remap\n" + AT_REST,
        ["vectors are none of the bulk's lattice"],
    ),
    "surface": (D + S + "change_box all boundary p p f\n" + AT_REST, ["pbc", "[True, True, False]"]),
    # what was changed after a run
    "uncomputed": (
        D + S + AT_REST + "uncompute d\nrun 0\n", ["compute d does not exist", "compute dbar"],
    ),
    "redefined": (
        D + S + AT_REST + "uncompute d\n" + D.replace("lmax 2", "lmax 1") + "run 0\n",
        ["fe.json", "lmax 2", "expected 1"],
    ),
}  # fmt: skip


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("case", BAD, ids=str)
def test_refused(lammps, case, ranks):
    script, words = BAD[case]
    fails(lammps, iron_cell() + script + ("" if "run 0" in script else RUN), ranks, words)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("ranks", [1, 2])
def test_types(lammps, ranks):
    fails(lammps, TWO + D + S + RUN, ranks, ["fe.json", "ntypes 1", "expected 2"])


@pytest.mark.usefixtures("here")
def test_compositions(lammps):
    """Of clusters only those that were learnt; a plane is none."""
    script = (
        "units lj\nboundary f f f\nregion b block -8 8 -8 8 -8 8\ncreate_box 1 b\nmass 1 1\n"
        "pair_style lj/cut 5\npair_coeff * * 1 1\ncreate_atoms 1 single 0 0 0\n"
        "create_atoms 1 single 1.1 0 0\ncompute d all dbar afs 4 nmax 3 lmax 2\n"
    )
    one = script + S.replace("fe", "ar")
    fails(lammps, one + AT_REST, 2, ["composition", "Ar2", "Ar7, Ar6"])
    flat = one.replace("f f f", "f f p").replace("-8 8\ncreate_box", "-.5 .5\ncreate_box")
    fails(lammps, "dimension 2\n" + flat, 2, ["dimension"])


def fails(lammps, script, ranks, words):
    done = lammps(script, np=ranks, ok=False, timeout=60)
    assert done.returncode != 0 and len(done.errors) == 1, done.output[-2000:]
    assert done.errors[0].startswith("ERROR: Compute dbar/entropy: "), done.errors
    assert all(word in done.errors[0] for word in words), done.errors
    assert "Traceback" not in done.output, done.output[-2000:]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("ranks", [1, 2])
def test_between_runs(lammps, tmp_path, ranks):
    """Atoms, box and computes may change, and `clear` begins anew: each time what Python says."""
    model = EntropyModel.load(tmp_path / "fe.json")
    begin = iron_cell() + D + S + AT_REST
    second = (
        "region second sphere 2 2 1 0.1\ndelete_atoms region second\nreset_timestep 0\n" + MINIMIZE
    )
    scaled = "change_box all x scale 1.01 y scale 1.01 z scale 1.01 remap\n" + MINIMIZE
    other = "thermo_style one\nuncompute s\nuncompute d\n" + D + S + AT_REST
    again = "clear\n" + iron_cell("longer") + D + S + AT_REST
    script = begin
    for k, more in enumerate(("", second, scaled, other, again)):
        script += more + PRINT.replace("at.dump", f"at{k}.dump")
    found = said(lammps(script, np=ranks))
    for k, numbers in enumerate(found):
        (tmp_path / f"at{k}.dump").rename(tmp_path / "at.dump")
        assert_same(numbers, model, dumped(tmp_path))
    assert len({*found[:3, 0]}) == 3


@pytest.mark.usefixtures("here")
def test_in_a_run_that_moves(lammps, tmp_path):
    """With *force no* each step of a run has the number of its positions, beside a stream of its own."""
    model = EntropyModel.load(tmp_path / "fe.json")
    script = iron_cell() + D + S.rstrip() + " force no\n" + SHOW
    script += "velocity all create 300 7\nfix nve all nve\ntimestep 0.001\nthermo 5\n"
    script += "fix w all dbar/stream 1 1 5 d monitor none late yes\n"
    found = said(lammps(script + "run 20\n" + PRINT, np=2))[0]
    assert_same(found, model, dumped(tmp_path))


@pytest.mark.usefixtures("here")
def test_without_a_temperature(lammps, tmp_path):
    """The numbers of the entropy and the formation entropy, no free energies."""
    script = iron_cell() + D + S.replace("fe", "cold") + SHOW + MINIMIZE
    script += "variable s equal c_s\nvariable f equal c_s[5]\n"
    script += "print 'SAID $(v_s:%.17g) $(v_f:%.17g)'\n" + DUMP
    done = lammps(script, np=2)
    model, atoms = EntropyModel.load(tmp_path / "cold.json"), dumped(tmp_path)
    expected = [model.predict(atoms), model.formation(atoms)]
    np.testing.assert_allclose(said(done)[0], expected, rtol=0, atol=1e-10 * expected[0])
    rows = [line.split() for line in done.output.splitlines() if line.lstrip()[:1].isdigit()]
    last = [words for words in rows if len(words) == 10][-1]
    assert [k for k, word in enumerate(last) if word.endswith("nan")] == [7, 9]
