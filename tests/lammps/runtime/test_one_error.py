"""What goes wrong on one rank alone is one error on all: a processor, an environment, memory; also in a thread."""

import sys

import numpy as np
import pytest

from crystal import COMPUTE, STREAM, SYSTEM, shaken
from dbar.descriptors import Bispectrum
from dbar.entropy import EntropyModel
from dbar.novelty import AtomNovelty
from dbar.potential import LinearPotential
from plumed_cases import compute, cv, write
from starved import memory_that_ends

STYLES = {
    "compute": COMPUTE + "thermo_style custom step c_d[2]\n",
    "expansion": "compute d all dbar expansion 4.7 nmax 2 lmax 2\nthermo_style custom step c_d[2]\n",
    "chunk": "compute c all chunk/atom bin/1d z lower 0.25 units reduced\n"
    + COMPUTE.rstrip()
    + " chunk c\nfix a all ave/time 1 1 1 c_d[1] mode vector\n",
    "novelty": "compute n all dbar/atom/novelty novelty.json\ncompute m all reduce max c_n\n"
    "thermo_style custom step c_m\n",
    "entropy": COMPUTE
    + "compute s all dbar/entropy d entropy.json force no\nthermo_style custom step c_s\n",
    "pair": "pair_style dbar\npair_coeff * * model.json Al\n",
    "stream": COMPUTE + STREAM + "python watch:observe monitor none\n",
    "plumed": compute() + "fix b all dbar/plumed d plumed.dat cv order.json\n",
    "ipi": COMPUTE + "fix i all dbar/ipi d nowhere 0 unix\n",
}
PREFIX = {"novelty": "Compute dbar/atom/novelty: ", "pair": "Pair style dbar: "}


@pytest.fixture
def fails(lammps, tmp_path):
    """fails(style, **options of lammps): ten steps of it, with every file that it names; the one error."""
    descriptor = Bispectrum(4.7, twojmax=4)
    frames = [shaken(3, seed) for seed in range(3)]
    AtomNovelty(descriptor).fit(frames).export(tmp_path / "novelty.json")
    holed = [
        one[[k for k in range(32) if k != 7]] for one in (shaken(2, seed) for seed in range(4))
    ]
    EntropyModel(descriptor).fit(holed, np.arange(4.0), (shaken(2, 9), 80.0)).export(
        tmp_path / "entropy.json"
    )
    numbers = np.full(1 + descriptor.n_components, 1e-4)
    LinearPotential(numbers, descriptor, ["Al"]).export(tmp_path / "model.json")
    write(tmp_path, cv("order", [0.0, *[1e-4] * 14]))
    (tmp_path / "plumed.dat").write_text("s: EXTRACV NAME=order\nr: RESTRAINT ARG=s AT=0 KAPPA=1\n")
    (tmp_path / "watch.py").write_text("def observe(step, comm):\n    pass\n")

    def run(style, before="", **options):
        script = SYSTEM + STYLES[style] + before + "run 10\n"
        return the_error(lammps(script, ok=False, timeout=40, **options))

    return run


def the_error(done):
    """The one error of all ranks: LAMMPS marks one that a rank has alone, and then aborts the others."""
    assert done.returncode != 0 and len(done.errors) == 1, done.output[-3000:]
    assert "ERROR on proc" not in done.output and "MPI_Abort" not in done.output, done.output
    return done.errors[0]


@pytest.mark.parametrize(("style", "which"), [("compute", 0), *((style, 1) for style in STYLES)])
def test_a_processor_without_the_instruction_set(fails, style, which):
    """DBAR_ISA stands for a node that lacks what the others have."""
    apart = [{}, {}]
    apart[which]["DBAR_ISA"] = "avx9"
    error = fails(style, apart=apart)
    assert PREFIX.get(style, "Compute dbar: ") in error, error
    assert "DBAR_ISA: found 'avx9'" in error


@pytest.mark.parametrize(
    ("style", "which", "variable", "word"),
    [
        ("stream", 0, "DBAR_LIBPYTHON", "no shared libpython"),
        ("stream", 1, "DBAR_LIBPYTHON", "no shared libpython"),
        ("entropy", 0, "DBAR_LIBPYTHON", "Compute dbar/entropy: Python: no shared libpython"),
        ("plumed", 0, "PLUMED_KERNEL", "cannot load the PLUMED kernel"),
    ],
)
def test_an_environment_of_its_own(fails, style, which, variable, word):
    apart = [{}, {}]
    apart[which][variable] = "/nowhere.so"
    assert word in fails(style, apart=apart)


@pytest.fixture(scope="module")
def starve(tmp_path_factory):
    """Environment of a process whose memory can end."""
    return memory_that_ends(tmp_path_factory.mktemp("starve"))


@pytest.mark.parametrize("style", ["compute", "chunk", "novelty", "pair", "plumed"])
def test_a_thread_without_memory(fails, starve, style):
    apart = [dict(starve), starve | {"STARVED": "thread"}]
    error = fails(style, apart=apart, env={"OMP_NUM_THREADS": "2"})
    assert "memory is exhausted" in error and "dbar" in error, error


SCRIPTED = [style for style in STYLES if style != "ipi"]


@pytest.mark.parametrize("style", SCRIPTED)
def test_a_rank_without_memory(fails, starve, style):
    """From when the run begins."""
    apart = [dict(starve), starve | {"STARVED": "0"}]
    error = fails(style, before="shell touch armed\n", apart=apart)
    assert "memory is exhausted" in error and "dbar" in error, error


# The limit of the system on what rank 0, which runs `shell`, takes: no more than now.
LIMIT = """
import os, pathlib, resource
pid = os.getppid()
while b"in.test" not in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes():
    pid = int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
size = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()
resource.prlimit(pid, resource.RLIMIT_AS, (size, size))
"""


def test_a_limit_of_the_system(lammps, tmp_path):
    (tmp_path / "limit.py").write_text(LIMIT)
    big = SYSTEM.replace("0 4 0 4 0 4", "0 24 0 24 0 24")
    big = big[: big.index("pair_style")] + "pair_style zero 1.0\npair_coeff * *\n"
    script = big + "comm_modify cutoff 8\nrun 0 post no\n" + f"shell {sys.executable} limit.py\n"
    done = lammps(script + STYLES["compute"] + "run 0\n", np=2, ok=False, timeout=40)
    assert the_error(done).startswith("ERROR: Compute dbar: memory is exhausted")
