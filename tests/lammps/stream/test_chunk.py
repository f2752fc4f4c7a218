"""Keyword chunk: D and V of each chunk in the store, from one evaluation and one reduction with the whole."""

import os
import re
import subprocess

import ase
import numpy as np
import pytest

from blocks import METAL, assert_close, read_dump, read_global, system, write_global
from dbar.descriptors import Bispectrum
from dbar.trajectory import read
from harness import BIN, command, environment
from restarts import START

K = 5
DBAR = "compute d all dbar bso4 4.7 twojmax 2 weight 1 0.5 virial yes\n"
VOXELS = "compute cc all chunk/atom bin/3d x lower 0.34 y lower 0.34 z lower 0.34 units reduced\n"
# atoms that fly through each other: the same positions on any number of ranks
FLYING = "velocity all create 2000 7 loop geom\nfix nve all nve\ntimestep 0.002\n"
STREAM = "fix s all dbar/stream 2 5 10 d store {}.h5md monitor none "


def chunks_of(path):
    run = read(path)
    return run, np.asarray(run.chunks.D), np.asarray(run.chunks.V)


def rows_of(V):
    return V[:, :, 1:].reshape(-1, 9)


@pytest.mark.parametrize("box", ["orthogonal", "triclinic"])
def test_the_same_on_any_number_of_ranks(lammps, tmp_path, box):
    first = None
    setup = system(box, 2) + VOXELS + DBAR + FLYING
    for ranks in (1, 2, 4):
        words = STREAM.format(ranks) + "chunk cc grid 3 3 3\nrun 20\n"
        lammps(setup + words, np=ranks)
        run, D, V = chunks_of(tmp_path / f"{ranks}.h5md")
        assert D.shape == (2, 27, K + 1) and V.shape == (2, 27, K + 1, 3, 3)
        assert (D[..., 0] > 0).sum() > 40 and run.chunks.grid == (3, 3, 3)
        assert run.parameters["chunk"] == {
            "id": "cc", "style": "chunk/atom", "count": 27, "grid": [3, 3, 3]
        }  # fmt: skip
        assert_close(D.sum(axis=1), run.D, 1e-12)
        # shear components nearly cancel
        assert_close(rows_of(V.sum(axis=1)[:, None]), rows_of(run.V[:, None]), 1e-12)
        first = first or (D, V)
        assert_close(D.reshape(-1, K + 1), first[0].reshape(-1, K + 1), 1e-12)
        assert_close(rows_of(V), rows_of(first[1]), 1e-12)
    # the whole is what it is without chunks
    lammps(setup + STREAM.format("none") + "\nrun 20\n", np=2)
    alone = read(tmp_path / "none.h5md")
    assert alone.chunks is None and "chunk" not in alone.parameters
    assert_close(run.D, alone.D, 1e-12)
    assert_close(rows_of(run.V[:, None]), rows_of(alone.V[:, None]), 1e-12)


def test_rows_are_those_of_compute_dbar_chunk_and_of_each_atom(lammps, tmp_path):
    """At averaged positions, in chunks of the step; D atom by atom, V by differences of strained atoms."""
    setup = system("triclinic", 2) + VOXELS + DBAR + FLYING
    setup += STREAM.format("run") + "snapshot every 1 chunk cc\n"
    setup += DBAR.replace("compute d", "compute e").strip() + " average s chunk cc\n"
    setup += write_global("c_e[*]", "rows.txt").replace("1 1 1", "10 1 10")
    setup += "dump c all custom 10 at.dump id type c_cc\ndump_modify c format float %.17g\n"
    lammps(setup + "run 20\n", np=2)
    run, D, V = chunks_of(tmp_path / "run.h5md")
    theirs = read_global(tmp_path / "rows.txt")
    assert_close(D[-1], theirs[:, : K + 1], 1e-12)
    voigt = V[..., [0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]]
    assert_close(voigt[-1, :, 1:], theirs[:, K + 1 :].reshape(-1, K + 1, 6)[:, 1:], 1e-12)

    frames = read_dump(tmp_path / "at.dump")
    for t, step in enumerate(run.snapshots.step):
        chunk = frames[int(step)][2][:, 1].astype(int) - 1
        edges, sums = run.snapshots.edges[t], sums_of_atoms(run.snapshots, t, chunk)
        assert_close(D[t], sums(edges), 1e-10)
        for a, b in ((0, 0), (1, 2)):
            strain = np.zeros((3, 3))
            strain[a, b] += 0.5e-4
            strain[b, a] += 0.5e-4
            slope = (sums(edges @ (np.eye(3) + strain)) - sums(edges @ (np.eye(3) - strain))) / 2e-4
            assert_close(V[t, :, 1:, a, b], slope[:, 1:], 2e-5)


def sums_of_atoms(snaps, t, chunk):
    """A function of the cell, into which the atoms are strained: D (27, K+1) added up atom by atom."""
    symbols = np.array(["Al", "Cu"])[snaps.species[t] - 1]
    x = (snaps.position[t] - snaps.origin[t]) @ np.linalg.inv(snaps.edges[t])
    kernel = Bispectrum(4.7, twojmax=2, species=["Al", "Cu"], weight=[1, 0.5])

    def sums(cell):
        B = kernel.per_atom(ase.Atoms(symbols, scaled_positions=x, cell=cell, pbc=True))
        out = np.zeros((27, K + 1))
        np.add.at(out, chunk, np.column_stack([np.ones(len(B)), B]))
        return out

    return sums


def test_one_reduction_for_whole_and_chunks(lammps, tmp_path):
    """Of the reductions of a snapshot one more than without chunks would be one too many."""
    env = watched_sums(tmp_path)
    counts = {}
    for name, more in (("no", ""), ("yes", "chunk cc")):
        script = system("orthogonal", 2) + VOXELS + DBAR + FLYING + STREAM.format(name) + more
        done = lammps(script + "\nrun 100\n", np=2, env=env)
        counts[name] = {int(n): int(c) for n, c in re.findall(r"SUMS (\d+) (\d+)", done.output)}
    width = 7 * (K + 1)
    assert counts["no"][width + 2] == counts["yes"][width + 3 + 28 * width] == 10
    assert width + 2 not in counts["yes"]


# calls of MPI_Allreduce of doubles, by their length; and with FALSIFY that number of a sum is wrong on all ranks
_COUNT = r"""
#include <mpi.h>
#include <cstdio>
#include <cstdlib>
#include <map>
static std::map<int, int> calls;
extern "C" int MPI_Allreduce(const void *in, void *out, int n, MPI_Datatype type, MPI_Op op, MPI_Comm comm) {
  const int code = PMPI_Allreduce(in, out, n, type, op, comm);
  if (type != MPI_DOUBLE || op != MPI_SUM)
    return code;
  ++calls[n];
  const char *which = std::getenv("FALSIFY");
  if (which && n > 1000)
    static_cast<double *>(out)[std::atoi(which)] *= 1.0 + 1e-6;
  return code;
}
extern "C" int MPI_Finalize() {
  int me;
  MPI_Comm_rank(MPI_COMM_WORLD, &me);
  for (const auto &[n, c] : calls)
    if (me == 0)
      std::printf("SUMS %d %d\n", n, c);
  return PMPI_Finalize();
}
"""


def watched_sums(folder):
    """Environment in which reductions are counted and, with FALSIFY, falsified."""
    (folder / "count.cpp").write_text(_COUNT)
    words = [os.environ.get("CXX", "c++"), "-shared", "-fPIC", "-O1"]
    words += ["-I", BIN.parent / "include", "-o", folder / "count.so", folder / "count.cpp"]
    subprocess.run(words, check=True)
    return {"LD_PRELOAD": str(folder / "count.so")}


@pytest.mark.parametrize("number", ["0", "5", "591", "592"])
def test_a_sum_that_does_not_add_up_is_refused(lammps, tmp_path, number):
    """Of the whole the count of atoms or another sum, of a chunk the same, is wrong by a millionth."""
    script = system("orthogonal", 2) + VOXELS + DBAR + FLYING + STREAM.format("run") + "chunk cc\n"
    env = watched_sums(tmp_path)
    lammps(script + "run 10\n", np=2, env=env)
    done = lammps(script + "run 10\n", np=2, env=env | {"FALSIFY": number}, ok=False)
    assert len(done.errors) == 1 and done.returncode != 0, done.output[-2000:]
    assert "chunks of compute cc and of the atoms in none adds up to" in done.errors[0]
    assert len(read(tmp_path / "run.h5md")) == 0


def test_empty_ranks_and_atoms_in_no_chunk(lammps, tmp_path):
    """Four slabs, three of them empty; chunks of some of the atoms, and chunks without any."""
    setup = METAL + "boundary f f f\nprocessors 4 1 1\nlattice fcc 4.05\n"
    setup += "region b block 0 16 0 4 0 4\ncreate_box 2 b\nregion a block 1 3 0.5 3.5 0.5 3.5\n"
    setup += "create_atoms 1 region a\ndisplace_atoms all random 0.2 0.2 0.2 99\nmass * 26.98\n"
    setup += (
        "pair_style zero 6.0\npair_coeff * *\nregion c block 1 2 0 4 0 4\ngroup some region c\n"
    )
    setup += "compute cc some chunk/atom bin/2d x lower 0.05 y lower 0.2 units reduced\n"
    setup += DBAR + DBAR.replace("compute d all", "compute e some") + FLYING.replace("2000", "300")
    found = {}
    for ranks in (1, 2, 4):
        words = STREAM.format(f"d{ranks}") + "chunk cc\n"
        words += STREAM.format(f"e{ranks}").replace("fix s", "fix t").replace("10 d", "10 e") + "\n"
        text = setup if ranks == 4 else setup.replace("processors 4 1 1\n", "")
        lammps(text + words + "run 10\n", np=ranks)
        run, D, V = chunks_of(tmp_path / f"d{ranks}.h5md")
        part = read(tmp_path / f"e{ranks}.h5md")
        assert D.shape == (1, 100, K + 1)
        assert 0 < D[..., 0].sum() < run.D[0, 0]
        empty = D[..., 0] == 0
        assert empty.sum() > 50 and not D[empty].any() and not V[empty].any()
        assert_close(D.sum(axis=1), part.D, 1e-12)
        found[ranks] = D, V
        assert_close(D[0], found[1][0][0], 1e-12)
        assert_close(rows_of(V), rows_of(found[1][1]), 1e-12)


def test_without_virial_by_species_and_in_threads(lammps, tmp_path):
    words = DBAR.replace("virial yes", "perspecies yes")
    setup = system("triclinic", 2) + VOXELS + words + FLYING + STREAM
    lammps(setup.format("one") + "chunk cc\nrun 10\n")
    lammps(setup.format("many") + "chunk cc\nrun 10\n", np=2, env={"OMP_NUM_THREADS": "3"})
    one, many = read(tmp_path / "one.h5md"), read(tmp_path / "many.h5md")
    assert one.chunks.V is None and one.V is None and one.chunks.D.shape == (1, 27, 2 * K + 1)
    assert_close(many.chunks.D[0], one.chunks.D[0], 1e-12)
    assert_close(one.chunks.D[0].sum(axis=0), one.D[0], 1e-12)


SOLID = START + "fix nve all nve\ncompute d all dbar bso4 4.7 twojmax 2 virial yes\n"
CUBES = "compute cc all chunk/atom bin/3d x lower 0.5 y lower 0.5 z lower 0.5 units reduced\n"
WATCH = "fix s all dbar/stream 2 5 10 d store {}.h5md chunk cc "


def same_chunks(a, b, rtol=0.0):
    for name in ("D", "V"):
        x, y = (np.asarray(getattr(run.chunks, name)) for run in (a, b))
        np.testing.assert_allclose(x, y, rtol=rtol, atol=rtol * np.abs(y).max(), err_msg=name)


@pytest.mark.parametrize("ranks", [1, 2])
def test_late_stores_the_same(lammps, tmp_path, ranks):
    for late in ("no", "yes"):
        lammps(SOLID + CUBES + WATCH.format(late) + f"late {late}\nrun 300\nrun 105\n", np=ranks)
    now, late = read(tmp_path / "no.h5md"), read(tmp_path / "yes.h5md")
    assert len(now) == 40 and not np.array_equal(now.chunks.D[0], now.chunks.D[-1])
    same_chunks(now, late)


@pytest.mark.parametrize("ids", ["every", "once nchunk once"])
def test_restart_goes_on_with_the_chunks(lammps, tmp_path, ids):
    """Frozen IDs go through a restart as LAMMPS's own do: the first step of the new run assigns them."""
    cubes = CUBES.strip() + f" ids {ids}\n"
    lammps(SOLID + cubes + WATCH.format("whole") + "\nrun 300\n", np=2)
    lammps(SOLID + cubes + WATCH.format("run") + "\nrun 170\nwrite_restart r\nrun 40\n", np=2)
    again = METAL + "read_restart r\npair_style eam/fs\npair_coeff * * Al_mm.eam.fs Al\n"
    again += SOLID.split("900 7\n")[1] + cubes + WATCH.format("run")
    lammps(again + "\nrun 130\n", np=1)
    whole, run = read(tmp_path / "whole.h5md"), read(tmp_path / "run.h5md")
    np.testing.assert_array_equal(run.step, whole.step)
    if ids == "every":
        same_chunks(run, whole, 1e-9)
    else:
        same = np.asarray(run.chunks.D)[:17], np.asarray(whole.chunks.D)[:17]
        np.testing.assert_allclose(*same, rtol=1e-12)
        assert (np.ptp(np.asarray(run.chunks.D)[:17, :, 0], axis=0) == 0).all()
        assert (np.ptp(np.asarray(run.chunks.D)[17:, :, 0], axis=0) == 0).all()


def test_chunks_of_an_energy_and_pieces_of_a_run(lammps, tmp_path):
    """A compute that needs energies tallied at the step: at the start, too, when chunks are counted."""
    script = SOLID + "compute pe all pe/atom\nvariable low atom 1+(c_pe<-3.36)\n"
    script += "compute cc all chunk/atom v_low limit 2 exact\nthermo 1000\n"
    script += WATCH.format("run") + "snapshot every 1\n"
    script += "dump c all custom 10 at.dump id type c_cc\n"
    lammps(script + "run 20\nrun 20 pre no\nrun 20 every 10 'print hello'\n", np=2)
    run = read(tmp_path / "run.h5md")
    frames = read_dump(tmp_path / "at.dump")
    assert len(run) == 6
    for t, step in enumerate(run.step):
        counted = np.bincount(frames[int(step)][2][:, 1].astype(int) - 1, minlength=2)
        assert np.array_equal(run.chunks.D[t, :, 0], counted) and counted.all()


def test_worlds_have_stores_of_their_own(lammps, tmp_path):
    script = SOLID.replace("900 7", "900 7$w") + CUBES + WATCH.format("w$w") + "ensemble yes\n"
    lammps("variable w world 1 2\n" + script + "run 100\n", np=2, args=["-partition", "2x1"])
    one, two = read(tmp_path / "w1.h5md"), read(tmp_path / "w2.h5md")
    for run in (one, two):
        assert_close(np.asarray(run.chunks.D).sum(axis=1), run.D, 1e-12)
    assert not np.array_equal(one.chunks.D[-1], two.chunks.D[-1])


def test_memory_does_not_grow_with_snapshots(tmp_path):
    """32,768 chunks, 11 MB a snapshot: 40 of them take no more than 8, with a copy for a late decision."""
    small = "compute cc all chunk/atom bin/3d x lower 0.03125 y lower 0.03125 z lower 0.03125 units reduced\n"
    peak = {}
    for steps in (80, 400):
        script = SOLID + small + WATCH.format(f"s{steps}") + f"late yes monitor none\nrun {steps}\n"
        (tmp_path / "in.test").write_text(script)
        process = subprocess.Popen(
            command()[3:], cwd=tmp_path, env=environment(), stdout=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(process.pid, 0)
        assert status == 0
        peak[steps] = usage.ru_maxrss * 1024
    assert (tmp_path / "s400.h5md").stat().st_size > 40 * 32768 * 42 * 8
    assert peak[400] < peak[80] + 32768 * 42 * 8


def refused(done, *texts):
    assert done.returncode != 0 and len(done.errors) == 1, done.output[-3000:]
    for text in texts:
        assert text in done.errors[0], done.errors


BAD = {
    "missing": ("chunk nope", ["compute nope of keyword chunk does not exist"]),
    "style": ("chunk d", ["compute d of keyword chunk has style dbar, expected chunk/atom"]),
    "nothing": ("chunk", ["keyword chunk expects the ID of a compute chunk/atom, found nothing"]),
    "grid": ("chunk cc grid 2 2 3", ["compute cc has 8 chunks, expected 2 x 2 x 3 as of grid"]),
    "huge grid": ("chunk cc grid 99999 99999 99999", ["has 8 chunks, expected 99999 x 99999 x"]),
    "half a grid": ("chunk cc grid 2 2", ["keyword chunk expects CHUNK-ID grid NX NY NZ, three"]),
    "no number": ("chunk cc grid 2 2 x", ["grid NX NY NZ, three integers", "found x"]),
    "no bins": ("chunk cc grid 2 0 4", ["grid NX NY NZ, three integers", "found 0"]),
    "grid alone": ("grid 2 2 2", ["found keyword grid, expected right after the CHUNK-ID"]),
    "twice": ("chunk cc chunk cc", ["found keyword chunk, expected once at most"]),
    "no store": ("store none", ["keyword chunk cc needs keyword store with a file name"]),
}


@pytest.mark.parametrize("case", BAD, ids=str)
def test_bad_words(lammps, tmp_path, case):
    words, expected = BAD[case]
    fix = "fix s all dbar/stream 2 5 10 d "
    fix += "chunk cc " if case == "no store" else "store run.h5md "
    refused(lammps(SOLID + CUBES + fix + words + "\nrun 10\n", np=2, ok=False), *expected)
    assert not (tmp_path / "run.h5md").exists()


CHANGING = {
    "number": (
        "compute cc all chunk/atom bin/1d x lower 3.0 units box\nfix p all deform 1 x erate 5.0\n",
        "compute cc of keyword chunk has 7 chunks at step 30, expected 6, those with which the",
    ),
    "no atoms": (
        "group none empty\ncompute cc none chunk/atom type\n",
        "none of the 1 chunks of compute cc of keyword chunk has an atom at step 10, expected",
    ),
    "no atoms of the group": (
        "region l block 0 1.9 INF INF INF INF\ngroup l region l\n"
        "region r block 2 4 INF INF INF INF\ngroup r region r\nuncompute d\n"
        "compute d l dbar bso4 4.7 twojmax 2\ncompute cc r chunk/atom type\n",
        "none of the 1 chunks of compute cc of keyword chunk has an atom at step 10, expected",
    ),
    "too many": (
        "compute cc all chunk/atom bin/3d x lower 0.02 y lower 0.02 z lower 0.02\nuncompute d\n"
        "compute d all dbar bso4 4.7 virial yes\n",
        "8000000 chunks of 392 numbers, expected fewer than 2147483647 numbers in all",
    ),
}


@pytest.mark.parametrize("case", CHANGING, ids=str)
def test_chunks_that_cannot_be(lammps, tmp_path, case):
    chunks, expected = CHANGING[case]
    script = SOLID + chunks + WATCH.format("run") + "\nrun 100\n"
    refused(lammps(script, np=2, ok=False), expected)


def test_a_compute_that_goes_away_or_was_not_set_up(lammps):
    script = SOLID + CUBES + WATCH.format("run") + "\nrun 20\nuncompute cc\n"
    refused(lammps(script + "run 10\n", ok=False), "compute cc of keyword chunk does not exist")
    refused(
        lammps(script + CUBES + "run 10 pre no\n", ok=False),
        "no run has set up compute cc of keyword chunk since it was defined: use run pre yes",
    )
    # as many chunks, perhaps others
    refused(
        lammps(script + CUBES + "run 10\n", np=2, ok=False),
        "compute cc of keyword chunk has been defined again, expected the one",
    )


OTHER = {
    "count": (CUBES.replace("0.5", "0.25", 1), "cc", "made with chunk count 8, this run has 16"),
    "id": (CUBES.replace("cc", "c2"), "c2", "made with chunk id cc, this run has c2"),
    "grid": (CUBES, "cc grid 2 2 2", "made with chunk grid"),
    "none": ("", None, "made with chunk"),
}


@pytest.mark.parametrize("case", OTHER, ids=str)
def test_a_store_of_another_chunking(lammps, tmp_path, case):
    chunks, word, expected = OTHER[case]
    lammps(SOLID + CUBES + WATCH.format("run") + "\nrun 50\nwrite_restart r\n", np=2)
    before = (tmp_path / "run.h5md").read_bytes()
    again = METAL + "read_restart r\npair_style eam/fs\npair_coeff * * Al_mm.eam.fs Al\n"
    fix = WATCH.format("run").replace("chunk cc ", "")
    fix += "" if word is None else f"chunk {word}"
    again += SOLID.split("900 7\n")[1] + chunks + fix
    refused(lammps(again + "\nrun 10\n", np=2, ok=False), expected)
    assert (tmp_path / "run.h5md").read_bytes() == before
