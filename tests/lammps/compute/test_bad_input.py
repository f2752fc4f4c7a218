"""Bad input on 2 ranks: one clear error that names the word and what was expected, within seconds."""

import os

import pytest

from crystal import COMPUTE, STREAM, SYSTEM

MODULES = {
    "raises.py": "def observe(step):\n    if step == 30:\n        raise RuntimeError('third snapshot')\n",
    "nan.py": "def observe(step):\n    return float('nan')\n",
    "broken.py": "import no_such_package\n",
    "empty.py": "",
    "uneven.py": "def observe(step, comm):\n    if comm.rank == 1 and step == 20:\n"
    "        raise RuntimeError('only rank 1')\n",
    "stuck.py": "def observe(step, comm):\n    if comm.rank == 1 and step == 20:\n"
    "        raise RuntimeError('others wait')\n    comm.allreduce(1)\n",
}

# id: (script after the system, words that the error must contain)
COMPUTE_CASES = {
    "unknown family": ("compute d all dbar bso5 4.7\n", ["bso5", "bso4"]),
    "no cutoff": ("compute d all dbar bso4\n", ["FAMILY", "Rcut"]),
    "negative cutoff": ("compute d all dbar bso4 -4.7\n", ["-4.7", "positive"]),
    "cutoff not a number": ("compute d all dbar bso4 far\n", ["far"]),
    "unknown keyword": ("compute d all dbar bso4 4.7 tjmax 8\n", ["tjmax", "twojmax"]),
    "twojmax not an integer": ("compute d all dbar bso4 4.7 twojmax 8.5\n", ["twojmax", "8.5"]),
    "twojmax negative": ("compute d all dbar bso4 4.7 twojmax -2\n", ["twojmax", "-2"]),
    "twojmax missing": ("compute d all dbar bso4 4.7 twojmax\n", ["twojmax"]),
    "too many weights": ("compute d all dbar bso4 4.7 weight 1.0 2.0\n", ["weight", "2.0"]),
    "weight in two pieces": (
        "compute d all dbar bso4 4.7 weight virial yes 1.0\n",
        ["1.0", "keyword virial", "expected a keyword"],
    ),
    "too few weights": ("compute d all dbar bso4 4.7 weight virial yes\n", ["weight"]),
    "radius zero": ("compute d all dbar bso4 4.7 radius 0.0\n", ["radius", "0"]),
    "virial maybe": (
        "compute d all dbar bso4 4.7 virial maybe\n",
        ["virial", "maybe", "yes or no"],
    ),
    "average without fix": (
        "compute d all dbar bso4 4.7 average none\nrun 0\n",
        ["average", "none"],
    ),
    "average of another fix": (
        "compute d all dbar bso4 4.7 average nve\nrun 0\n",
        ["nve", "averages positions"],
    ),
    "zero atoms in the group": (
        "group empty type 1\ngroup empty clear\ncompute d empty dbar bso4 4.7\nrun 0\n",
        ["empty", "no atoms"],
    ),
    "array without virial": (
        COMPUTE + "thermo_style custom step c_d[2][1]\nrun 0\n",
        ["compute d", "array"],
    ),
}
STREAM_CASES = {
    "compute missing": ("fix s all dbar/stream 1 1 10 nope\n", ["nope", "does not exist"]),
    "compute of another style": (
        "compute t all temp\nfix s all dbar/stream 1 1 10 t\n",
        ["temp", "expected dbar"],
    ),
    "too few words": (COMPUTE + "fix s all dbar/stream 1 1\n", ["Nevery Nrepeat Nfreq COMPUTE-ID"]),
    "Nfreq no multiple": (COMPUTE + "fix s all dbar/stream 3 1 10 d\n", ["Nfreq 10", "Nevery 3"]),
    "window too long": (COMPUTE + "fix s all dbar/stream 5 5 20 d\n", ["Nrepeat 5", "Nfreq 20"]),
    "Nevery zero": (COMPUTE + "fix s all dbar/stream 0 1 10 d\n", ["Nevery", "0", "positive"]),
    "unknown stream keyword": (COMPUTE + STREAM + "stor x.h5md\n", ["stor", "store"]),
    "store without file": (COMPUTE + STREAM + "store\n", ["store", "file name"]),
    "snapshot without store": (COMPUTE + STREAM + "snapshot every 2\n", ["snapshot", "store"]),
    "snapshot fraction": (
        COMPUTE + STREAM + "store a.h5md snapshot adaptive 2\n",
        ["adaptive", "2"],
    ),
    "thermo word": (COMPUTE + STREAM + "thermo 1 tempp\nrun 10\n", ["tempp", "thermo"]),
    "thermo variable": (COMPUTE + STREAM + "thermo 1 v_x\nrun 10\n", ["v_x", "does not exist"]),
    "store in no folder": (COMPUTE + STREAM + "store no/such/run.h5md\nrun 10\n", ["no/such"]),
    "store truncated": (COMPUTE + STREAM + "store short.h5md\nrun 10\n", ["short.h5md"]),
    "monitor file missing": (COMPUTE + STREAM + "monitor no.toml\nrun 10\n", ["no.toml"]),
    "monitor unknown key": (
        COMPUTE + STREAM + "monitor bad.toml\nrun 10\n",
        ["coverrage", "coverage"],
    ),
    "module missing": (COMPUTE + STREAM + "python nosuch:observe\nrun 10\n", ["nosuch"]),
    "module does not import": (
        COMPUTE + STREAM + "python broken:observe\nrun 10\n",
        ["no_such_package"],
    ),
    "callable missing": (COMPUTE + STREAM + "python empty:observe\nrun 10\n", ["observe", "empty"]),
    "no colon": (COMPUTE + STREAM + "python raises\nrun 10\n", ["raises", "MODULE:CALLABLE"]),
    "raises at snapshot 3": (
        COMPUTE + STREAM + "python raises:observe\nrun 100\n",
        ["third snapshot"],
    ),
    "returns NaN": (COMPUTE + STREAM + "python nan:observe\nrun 100\n", ["nan"]),
    "one rank raises": (COMPUTE + STREAM + "python uneven:observe\nrun 100\n", ["only rank 1"]),
    "one rank raises, the other waits for it": (
        COMPUTE + STREAM + "python stuck:observe\nrun 100\n",
        ["others wait"],
    ),
    "atoms lost": (
        COMPUTE + "change_box all boundary p p f\nregion edge block INF INF INF INF 3.4 INF\n"
        "group edge region edge\nvelocity edge set NULL NULL 800 units box\n"
        "thermo 1000\nthermo_modify lost ignore\n" + STREAM + "\nrun 1000\n",
        ["lost atoms"],
    ),
}


def check(lammps, tmp_path, script, words):
    for name, text in MODULES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "bad.toml").write_text("coverrage = 0.3\n")
    (tmp_path / "short.h5md").write_bytes(b"\x89HDF\r\n\x1a\n" + os.urandom(200))
    done = lammps(SYSTEM + script, np=2, ok=False, timeout=40)
    assert done.returncode != 0
    assert len(done.errors) == 1, done.output[-3000:]
    for word in words:
        assert word in done.errors[0] or word in done.output.split(done.errors[0])[1], done.output[
            -2000:
        ]


@pytest.mark.parametrize("case", COMPUTE_CASES, ids=str)
def test_compute(lammps, tmp_path, case):
    check(lammps, tmp_path, *COMPUTE_CASES[case])


@pytest.mark.parametrize("case", STREAM_CASES, ids=str)
def test_stream(lammps, tmp_path, case):
    check(lammps, tmp_path, *STREAM_CASES[case])


def test_store_made_with_another_descriptor(lammps, tmp_path):
    lammps(SYSTEM + COMPUTE + STREAM + "store run.h5md\nrun 50\n", np=2)
    before = (tmp_path / "run.h5md").read_bytes()
    other = "reset_timestep 50\n" + COMPUTE.replace("twojmax 4", "twojmax 6")
    check(lammps, tmp_path, other + STREAM + "store run.h5md\nrun 50\n", ["run.h5md", "twojmax"])
    assert (tmp_path / "run.h5md").read_bytes() == before


def test_virial_where_it_is_needed(lammps, tmp_path):
    """A monitor that learns V as well needs a compute that has it."""
    (tmp_path / "virial.toml").write_text("virial = true\n")
    check(lammps, tmp_path, COMPUTE + STREAM + "monitor virial.toml\nrun 10\n", ["virial"])
