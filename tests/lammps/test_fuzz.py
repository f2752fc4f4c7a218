"""Words and files that no user would write: an error that names them, never a crash or a hang."""

import json
import re

import numpy as np
import pytest
from hypothesis import given

from dbar import _kernels
from dbar.descriptors.command import command_settings
from fuzz import DEPTH, Worker, examples, spoilt, spoilt_json
from plumed_cases import EAM, cv

pytestmark = pytest.mark.mpi_of_lammps  # the worker drives LAMMPS from Python

MODULE = "def look(step, D):\n    return None\n"
PLUMED = "s: EXTRACV NAME=s\nRESTRAINT ARG=s AT=0.0 KAPPA=0.1\n"
COMPUTE = "compute d all dbar bso4 4.7 twojmax 2 virial yes\n"
THERMO = "thermo_style custom step c_d[1]\nrun 0\n"


def pairs(text):
    """'owner=word owner=word keyword value' -> (owner, word); a word without owner is a keyword."""
    found, keyword = [], ""
    for part in text.split():
        owner, sign, word = part.partition("=")
        keyword = owner if not sign else keyword
        found.append((owner, word) if sign and owner else (keyword, word or part))
    return found


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz")
    made = Worker(folder)
    (folder / "look.py").write_text(MODULE)
    (folder / "plumed.dat").write_text(PLUMED)
    (folder / "monitor.toml").write_text("order = 1\n")
    yield made
    made.close()


def names(message, text):
    """Whether a message holds a text; short ones only where they stand for themselves."""
    edge = r"(?<![\w.])", r"(?![\w])"
    return (
        text in message
        if len(text) > 3
        else re.search(edge[0] + re.escape(text) + edge[1], message)
    )


def check(worker, stages, command, texts, **files):
    """No crash, no hang; an error of the command itself names one of the texts."""
    answer = worker.ask(stages=stages, files=files)
    assert answer["stage"] >= command, answer
    if answer["stage"] == command:
        said = answer["error"].partition("Last input line")[0]  # which repeats the whole command
        assert any(text and names(said, text) for text in texts), (said, texts)
    return answer


def test_the_commands_are_right_as_they_stand(worker):
    """What is spoilt below works before it is."""
    for stages in (
        BSO4,
        EXPANSION,
        SOAP,
        AFS,
        ACSF,
        CHUNK,
        AVERAGE,
        NOVELTY,
        ENTROPY,
        STREAM,
        PLUMED_FIX,
        IPI,
    ):
        words = " ".join(word for _, word in stages[1])
        answer = worker.ask(stages=[stages[0], words, stages[2]], files=FILES)
        assert answer["error"] == "", answer
    answer = worker.ask(stages=[PAIR, "pair_coeff * * model.json Al", "run 0"], files=FILES)
    assert answer["error"] == "", answer


_HEAD = "compute ID=d GROUP=all style=dbar "
BSO4 = (
    EAM,
    pairs(
        _HEAD + "FAMILY=bso4 Rcut=4.7 twojmax =2 rfac0 =0.99 rmin0 =0.0 switch =yes bzero =no "
        "diagonal =no radius =0.5 weight =1.0 virial =yes perspecies =no"
    ),
    THERMO,
)
EXPANSION = (
    EAM,
    pairs(
        _HEAD + "FAMILY=expansion Rcut=4.7 nmax =2 lmax =2 sigma =0.5 width =0.5 "
        "accuracy =1e-6 virial =yes"
    ),
    THERMO,
)
SOAP = (
    EAM,
    pairs(
        _HEAD
        + "FAMILY=soap Rcut=4.7 order =3 parity =both nmax =2 lmax =2 sigma =0.5 width =0.5 center =1.0 "
        "scale =1.0 scale=3.0 scale=4.0 accuracy =1e-6 select =1 select=5 virial =yes"
    ),
    THERMO,
)
AFS = (
    EAM,
    pairs(
        _HEAD + "FAMILY=afs Rcut=4.7 nmax =3 lmax =2 radial =loewdin switch =no selfpairs =no "
        "weight =1.0 virial =yes"
    ),
    THERMO,
)
ACSF = (
    EAM,
    pairs(_HEAD + "FAMILY=acsf Rcut=4.7 grid =2 zeta =1.0 zeta=4.0 virial =yes"),
    THERMO,
)
CHUNK = (
    EAM + "compute c all chunk/atom bin/1d x lower 0.5 units reduced\n",
    pairs(_HEAD + "FAMILY=bso4 Rcut=4.7 twojmax =2 chunk =c virial =yes"),
    THERMO + "variable n equal c_d[2][1]\nrun 1\nprint $n\n",
)
AVERAGE = (
    EAM + COMPUTE + "fix s all dbar/stream 1 2 2 d\n",
    pairs("compute ID=a GROUP=all style=dbar FAMILY=bso4 Rcut=4.7 twojmax =2 average =s"),
    "thermo_style custom step c_a[1]\nthermo 2\nrun 2\n",
)
NOVELTY = (
    EAM + COMPUTE + "fix s all dbar/stream 1 2 2 d\n",
    pairs("compute ID=n GROUP=all style=dbar/atom/novelty FILE=novelty.json average =s"),
    "compute m all reduce max c_n\nthermo_style custom step c_m\nthermo 2\nrun 2\n",
)
ENTROPY = (
    EAM + COMPUTE,
    pairs(
        "compute ID=s GROUP=all style=dbar/entropy COMPUTE-ID=d FILE=entropy.json temp =300 force =0.1"
    ),
    "thermo_style custom step c_s c_s[4]\nrun 0\n",
)
STREAM = (
    EAM + COMPUTE + "compute cc all chunk/atom bin/1d x lower 1.0 units reduced\n",
    pairs(
        "fix ID=s GROUP=all style=dbar/stream Nevery=1 Nrepeat=1 Nfreq=2 COMPUTE-ID=d store =s.h5md "
        "snapshot =every every=2 monitor =monitor.toml python =look:look thermo =2 thermo=temp "
        "thermo=pe lost =error ensemble =s.ensemble persist =2 reference =25 "
        "seldom =2 seldom=2 seldom=c_thermo_temp seldom=c_thermo_press[2] chunk =cc "
        "grid=grid grid=1 grid=1 grid=1"
    ),
    "run 4 stop 50\nunfix s\n",
)
ESTIMATES = (  # there is no such model, which is an error when the run starts
    EAM + COMPUTE,
    pairs(
        "fix ID=s GROUP=all style=dbar/stream Nevery=1 Nrepeat=1 Nfreq=2 COMPUTE-ID=d "
        "model =nosuch.json model=learn observe =2 observe=v_x observe=pe ahead =0.5 "
        "seldom =2 seldom=1 seldom=v_x monitor =monitor.toml"
    ),
    "variable x equal step\nrun 4\nunfix s\n",
)
PLUMED_FIX = (
    EAM + COMPUTE,
    pairs(
        "fix ID=p GROUP=all style=dbar/plumed COMPUTE-ID=d FILE=plumed.dat cv =s.json every =1 "
        "out =plumed.log temp =300"
    ),
    "run 1\n",
)
IPI = (
    EAM + COMPUTE,
    pairs(
        "fix ID=i GROUP=all style=dbar/ipi COMPUTE-ID=d address=localhost port=31415 timeout =0.5 "
        "lost =end extra =v_x cv =s.json"
    ),
    "",  # no server to connect to
)
CV = cv("s", np.full((1, 6), 1e-3))
CV["descriptor"]["words"]["twojmax"] = "2"
MODEL = {
    "schema": "dbar-potential/1", "lammps_units": "metal", "elements": ["Al"],
    "descriptor": {k: CV["descriptor"][k] for k in ("family", "rcut", "words")},
    "coefficients": {"Al": [0.0, *np.full(5, 1e-4)]},
}  # fmt: skip
SCORES = {
    "schema": "dbar-novelty/1", "lammps_units": "metal", "descriptor": CV["descriptor"], "species": ["Al"],
    "models": [{"mean": [0.1] * 5, "matrix": np.eye(5).tolist(), "count": 9, "shrinkage": 0.1, "limit": 2.0}],
}  # fmt: skip
ENTROPIES = {
    "schema": "dbar-entropy/1", "created_by": "", "comment": None, "lammps_units": "metal",
    "descriptor": command_settings(CV["descriptor"]), "species": ["Al"], "temperature": 300.0,
    "bulk": None,
    "compositions": [{"formula": {"Al": 108}, "count": 9, "sums": [1.0] * 5, "entropy": 400.0}],
    "samples": 9, "noise": 0.1, "prior": 1.0, "shrinkage": 0.1, "coefficients": [0.01] * 5,
    "scale": [1.0] * 5, "moments": [1.0], "directions": [[1.0, 0.0, 0.0, 0.0, 0.0]],
}  # fmt: skip
FILES = {
    "s.json": json.dumps(CV), "model.json": json.dumps(MODEL), "novelty.json": json.dumps(SCORES),
    "entropy.json": json.dumps(ENTROPIES),
}  # fmt: skip
PAIR = EAM.replace("eam/fs\npair_coeff * * Al_mm.eam.fs Al", "dbar")


@examples(60)
@given(case=spoilt(BSO4[1]))
def test_compute_bso4(worker, case):
    check(worker, [BSO4[0], " ".join(case[0]), BSO4[2]], 1, case[1])


@examples(40)
@given(case=spoilt(EXPANSION[1]))
def test_compute_expansion(worker, case):
    check(worker, [EXPANSION[0], " ".join(case[0]), EXPANSION[2]], 1, case[1])


@examples(40)
@given(case=spoilt(SOAP[1]))
def test_compute_soap(worker, case):
    check(worker, [SOAP[0], " ".join(case[0]), SOAP[2]], 1, case[1])


@examples(40)
@given(case=spoilt(AFS[1]))
def test_compute_afs(worker, case):
    check(worker, [AFS[0], " ".join(case[0]), AFS[2]], 1, case[1])


@examples(40)
@given(case=spoilt(ACSF[1]))
def test_compute_acsf(worker, case):
    check(worker, [ACSF[0], " ".join(case[0]), ACSF[2]], 1, case[1])


@examples(40)
@given(case=spoilt(CHUNK[1]))
def test_compute_chunk(worker, case):
    check(worker, [CHUNK[0], " ".join(case[0]), CHUNK[2]], 1, case[1])


@examples(40)
@given(case=spoilt(AVERAGE[1]))
def test_compute_average(worker, case):
    check(worker, [AVERAGE[0], " ".join(case[0]), AVERAGE[2]], 1, case[1])


@examples(40)
@given(case=spoilt(NOVELTY[1]))
def test_compute_novelty(worker, case):
    check(worker, [NOVELTY[0], " ".join(case[0]), NOVELTY[2]], 1, case[1], **FILES)


@examples(40)
@given(case=spoilt(ENTROPY[1]))
def test_compute_entropy(worker, case):
    check(worker, [ENTROPY[0], " ".join(case[0]), ENTROPY[2]], 1, case[1], **FILES)


@examples(60)
@given(case=spoilt(STREAM[1]))
def test_fix_stream(worker, case):
    check(worker, [STREAM[0], " ".join(case[0]), STREAM[2]], 1, case[1])


@examples(60)
@given(case=spoilt(ESTIMATES[1]))
def test_fix_stream_that_estimates(worker, case):
    check(worker, [ESTIMATES[0], " ".join(case[0]), ESTIMATES[2]], 1, case[1])


@examples(40)
@given(case=spoilt(PLUMED_FIX[1]))
def test_fix_plumed(worker, case):
    check(worker, [PLUMED_FIX[0], " ".join(case[0]), PLUMED_FIX[2]], 1, case[1], **FILES)


@examples(40)
@given(case=spoilt(IPI[1]))
def test_fix_ipi(worker, case):
    check(worker, [IPI[0], " ".join(case[0]), IPI[2]], 1, case[1], **FILES)


@examples(40)
@given(case=spoilt(pairs("pair_coeff itype=* jtype=* FILE=model.json element=Al")))
def test_pair_coeff(worker, case):
    check(worker, [PAIR, " ".join(case[0]), "run 0"], 1, case[1], **FILES)


@examples(80)
@given(text=spoilt_json(CV))
def test_cv_file(worker, text):
    words = "fix p all dbar/plumed d plumed.dat cv s.json"
    check(worker, [EAM + COMPUTE, words, "run 0"], 1, ["s.json"], **{"s.json": text})


@examples(80)
@given(text=spoilt_json(MODEL))
def test_model_file(worker, text):
    words = "pair_coeff * * model.json Al"
    check(worker, [PAIR, words, "run 0"], 1, ["model.json"], **{"model.json": text})


@examples(80)
@given(text=spoilt_json(SCORES))
def test_novelty_file(worker, text):
    words = "compute n all dbar/atom/novelty novelty.json"
    check(worker, [EAM, words, "run 0"], 1, ["novelty.json"], **{"novelty.json": text})


@examples(80)
@given(text=spoilt_json(ENTROPIES))
def test_entropy_file(worker, text):
    words = "compute s all dbar/entropy d entropy.json"
    check(worker, [EAM + COMPUTE, words, "run 0"], 1, ["entropy.json"], **{"entropy.json": text})


@pytest.mark.parametrize("depth", [101, DEPTH])
@pytest.mark.parametrize("name, content, key, first, words", [
    ("s.json", CV, "matrix", EAM + COMPUTE, "fix p all dbar/plumed d plumed.dat cv s.json"),
    ("model.json", MODEL, "coefficients", PAIR, "pair_coeff * * model.json Al"),
    ("novelty.json", SCORES, "models", EAM, "compute n all dbar/atom/novelty novelty.json"),
], ids=["cv", "model", "novelty"])  # fmt: skip
def test_brackets_without_end(worker, depth, name, content, key, first, words):
    deep = json.dumps({**content, key: "deep"}).replace('"deep"', "[" * depth + "]" * depth)
    answer = check(worker, [first, words, "run 0"], 1, [name], **{name: deep})
    assert "more than 100 deep" in answer["error"], answer


@pytest.mark.parametrize("choice", ["yes", "no", "one.ensemble", "monitor.toml/a.ensemble"])
def test_ensembles_of_a_stream(worker, choice):
    """The choices there are work, alone; a folder that cannot be is an error that names it."""
    words = f"fix s all dbar/stream 1 1 2 d monitor monitor.toml ensemble {choice}"
    answer = check(worker, [EAM + COMPUTE, words, "run 4\nunfix s\n"], 1, [choice])
    if choice.startswith("monitor.toml"):
        assert choice in answer["error"], answer
    else:
        assert answer["error"] == "", answer


def test_families_of_the_fuzzer_are_all_there_are():
    assert set(_kernels.family_names()) == {"bso4", "expansion", "soap", "afs", "acsf"}
