"""Every instruction set gives the numbers of the plain implementation."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from basis_files import basis_content
from dbar import _kernels
from dbar.descriptors.word_files import basis_word

# The instruction set is chosen once per process: each has a process of its own, which is asked again and again.
SCRIPT = """
import sys
import numpy as np
from dbar import _kernels

def answer(given):
    words = str(given["words"]).split()
    kernel = _kernels.Kernel(str(given["family"]), 4.6, words, int(given["nspecies"]))
    out = {}
    for n in given["sizes"]:
        stop = given["first"][n]
        near = given["type"][:n], given["first"][: n + 1], given["r"][:stop], given["rtype"][:stop]
        theta = np.cos(np.arange(kernel.size))
        out[f"D{n}"], out[f"V{n}"] = kernel.compute(*near, True)
        out[f"d{n}"], _ = kernel.compute(*near)
        out[f"B{n}"] = kernel.per_atom(*near)
        scale = 1 / np.abs(out[f"B{n}"]).max(initial=1)
        out[f"each{n}"] = kernel.gradient_of_each(
            *near, lambda centre, B: (centre[:, None] + 1) * theta * np.cos(scale * B)
        )
        out[f"gradient{n}"], out[f"energy{n}"] = kernel.gradient(*near, theta)
        atom = np.arange(stop) % max(n, 1)
        out[f"sum{n}"], out[f"force{n}"], out[f"strain{n}"] = kernel.forces(*near, atom, theta)
    return out

for line in sys.stdin:
    given, found = line.rstrip("\\n").split("\\t")
    np.savez(found, isa=_kernels.active_isa(), **answer(np.load(given, allow_pickle=False)))
    print("done", flush=True)
"""


@pytest.fixture(scope="module")
def processes():
    """Instruction set -> process that answers for it, as they are needed."""
    started = {}
    yield started
    for process in started.values():
        process.communicate(timeout=30)
        assert process.returncode == 0


def neighbourhoods(seed, centres, nspecies):
    """Return shells of 0 to 30 neighbours, some beyond the cutoff, no two numbers alike."""
    rng = np.random.default_rng(seed)
    count = rng.integers(0, 31, centres)
    count[: min(4, centres)] = [7, 0, 30, 1][: min(4, centres)]
    n = rng.normal(size=(count.sum(), 3))
    r = n / np.linalg.norm(n, axis=1)[:, None] * rng.uniform(1.5, 5.2, (len(n), 1))
    return {
        "type": rng.integers(0, nspecies, centres),
        "rtype": rng.integers(0, nspecies, len(r)),
        "first": np.concatenate([[0], np.cumsum(count)]),
        "r": r,
    }


def results(processes, tmp_path, isa, words, nspecies, sizes, family="bso4", seed=0):
    given = tmp_path / "given.npz"
    arrays = neighbourhoods(seed, max(sizes), nspecies)
    np.savez(given, family=family, words=words, nspecies=nspecies, sizes=sizes, **arrays)
    out = tmp_path / f"{isa}.npz"
    if isa not in processes:
        processes[isa] = subprocess.Popen(
            [sys.executable, "-c", SCRIPT], env={**os.environ, "DBAR_ISA": isa}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
    print(given, out, sep="\t", file=processes[isa].stdin, flush=True)
    assert processes[isa].stdout.readline() == "done\n", f"{isa} raised or died"
    loaded = dict(np.load(out))
    assert str(loaded.pop("isa")) == isa
    return loaded


def check(processes, tmp_path, words, nspecies, sizes, family="bso4"):
    expected = results(processes, tmp_path, "reference", words, nspecies, sizes, family)
    for isa in _kernels.available_isas()[:-1]:
        found = results(processes, tmp_path, isa, words, nspecies, sizes, family)
        for name, x in expected.items():
            scale = np.abs(x).max(initial=1e-3)
            assert np.abs(found[name] - x).max(initial=0.0) < 1e-12 * scale, (isa, name)


@pytest.mark.parametrize(
    "words",
    [
        "twojmax 0",
        "twojmax 1",
        "twojmax 2",
        "twojmax 3",
        "twojmax 6",
        "twojmax 7",
        "twojmax 8",
        "twojmax 10",
        "twojmax 14",
        "twojmax 7 diagonal yes",
        "twojmax 8 switch no",
        "twojmax 6 bzero yes rfac0 1.0",
        "twojmax 5 rmin0 2.5 rfac0 0.8",
        "twojmax 5 rmin0 2.5 switch no",
    ],
)
def test_settings(processes, tmp_path, words):
    check(processes, tmp_path, words, 1, [19])


@pytest.mark.parametrize("nspecies", [2, 3, 4, 5])
def test_species(processes, tmp_path, nspecies):
    radius = " ".join(str(r) for r in [0.5, 0.45, 0.52, 0.4, 0.48][:nspecies])
    weight = " ".join(str(w) for w in [1.0, 0.7, -0.4, 0.0, 2.5][:nspecies])
    check(processes, tmp_path, f"twojmax 6 radius {radius} weight {weight}", nspecies, [21])


def test_every_length_of_the_last_batch(processes, tmp_path):
    check(processes, tmp_path, "twojmax 4", 1, list(range(0, 18)))


def optimal(mixed):
    return basis_word(basis_content(["A", "B"], mixed, per_centre=True, rcut=4.6), ["A", "B"])


@pytest.mark.parametrize(
    ("family", "words"),
    [
        ("expansion", "nmax 5 lmax 4 width 2.0"),
        ("expansion", "nmax 8 lmax 6 neighbors 2"),
        ("soap", "order 1 nmax 7 center 1.0"),
        ("soap", "order 2 nmax 3 lmax 4 scale 1.0 2.0 3.5 width 4.6"),
        ("soap", "order 2 nmax 7 lmax 2 center 0.5"),
        ("soap", "order 3 nmax 2 lmax 3 parity both"),
        ("soap", "order 2 nmax 4 lmax 3 select 1 6 30 77 144"),
        ("soap", "order 3 nmax 2 lmax 3 select 3 40 41 200"),
        ("soap", f"basis {optimal(True)} center 0.5"),
        ("expansion", f"basis {optimal(False)}"),
        ("soap", "order 3 nmax 5 lmax 2 neighbors 2"),
        ("soap", "order 3 nmax 3 lmax 2 parity both"),
        ("acsf", "grid 4 zeta 1 4 2.5"),
        ("acsf", "neighbors 2"),
        ("afs", "nmax 9 lmax 7 weight 1.0 0.4"),
        ("afs", "nmax 4 lmax 4 selfpairs no radial loewdin switch no"),
    ],
    ids=lambda each: each[:40],
)
def test_families_of_a_density(processes, tmp_path, family, words):
    """There is no plain implementation of these: that of two lanes stands for it."""
    check(processes, tmp_path, words, 2, [0, 3, 19], family)


def test_wrong_instruction_set():
    environment = {**os.environ, "DBAR_ISA": "sse9"}
    code = "from dbar import _kernels; _kernels.Kernel('bso4', 4.0, [], 1)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    expected = "DBAR_ISA: found 'sse9', expected avx512, avx2, portable or reference"
    assert done.returncode == 1 and expected in done.stderr


@pytest.mark.parametrize("isa", _kernels.available_isas())
def test_lammps_oracle(isa, tmp_path):
    """The comparison with ``compute snap`` holds for every instruction set."""
    tests = Path(__file__).with_name("test_snap.py")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tests]
    environment = {**os.environ, "DBAR_ISA": isa}
    options = [f"--basetemp={tmp_path / 'base'}"]
    done = subprocess.run(command + options, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
