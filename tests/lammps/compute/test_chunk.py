"""`compute dbar ... chunk`: D and V of each chunk of a compute chunk/atom."""

import ase
import numpy as np
import pytest

from blocks import METAL, assert_close, read_dump, read_global, system, write_global
from crystal import SYSTEM as CRYSTAL
from dbar.descriptors import Bispectrum

VOXELS = "compute cc all chunk/atom bin/3d x lower 0.34 y lower 0.34 z lower 0.34 units reduced\n"
DBAR = "dbar bso4 4.7 twojmax 2 weight 1 0.5 virial yes"
K = 5


def rows(lammps, script, np=1, run="run 0\n", chunk="cc", words=DBAR, **kwargs):
    """D (chunks, K+1) and V (chunks, K+1, 6) of the last step, and those of the compute without chunks."""
    text = script + f"compute d all {words} chunk {chunk}\ncompute g all {words}\n"
    text += write_global("c_d[*]", "rows.txt") + write_global("c_g", "D.txt")
    text += write_global("c_g", "V.txt", 6) + write_global("c_d", "vector.txt")
    done = lammps(text + run, np=np, **kwargs)
    found = read_global(done.folder / "rows.txt")
    size = found.shape[1] // 7
    D, V = (read_global(done.folder / name) for name in ("D.txt", "V.txt"))
    # the vector stays the global one
    assert_close(read_global(done.folder / "vector.txt")[:, 0], D[:, 0], 1e-12)
    return found[:, :size], found[:, size:].reshape(-1, size, 6), D[:, 0], V


@pytest.mark.parametrize(
    ("box", "words"), [("orthogonal", DBAR + " perspecies yes"), ("triclinic", DBAR)]
)
def test_chunks_add_up_on_any_number_of_ranks(lammps, box, words):
    first = None
    for np_ in (1, 2, 4):
        D, V, whole, virial = rows(lammps, system(box, 2) + VOXELS, np=np_, words=words)
        assert len(D) == 27 and (D[:, 0] > 0).sum() > 20
        assert_close(D.sum(axis=0), whole, 1e-12)
        assert_close(V.sum(axis=0)[1:], virial[1:], 1e-12)
        assert not V[:, 0].any()
        first = first or (D, V)
        assert_close(D, first[0], 1e-12)
        assert_close(V[:, 1:].reshape(-1, 6), first[1][:, 1:].reshape(-1, 6), 1e-12)


def test_rows_are_the_offline_sums_over_the_atoms_of_each_chunk(lammps, tmp_path):
    """By species, and voxels of a triclinic box; chunk IDs as LAMMPS dumps them."""
    write = "write_dump all custom at.dump id type x y z c_cc modify format float %.17g\n"
    for chunks in (VOXELS, "compute cc all chunk/atom type\n"):
        D, _, _, _ = rows(lammps, system("triclinic", 2) + chunks, np=2, run="run 0\n" + write)
        (lo, cell, found), *_ = read_dump(tmp_path / "at.dump").values()
        symbols = np.array(["Al", "Cu"])[found[:, 0].astype(int) - 1]
        atoms = ase.Atoms(symbols, positions=found[:, 1:4] - lo, cell=cell, pbc=True)
        B = Bispectrum(4.7, twojmax=2, species=["Al", "Cu"], weight=[1, 0.5]).per_atom(atoms)
        expected = np.zeros((len(D), K + 1))
        np.add.at(expected, found[:, 4].astype(int) - 1, np.column_stack([np.ones(len(B)), B]))
        assert len(np.unique(found[:, 4])) > 1
        assert_close(D, expected, 1e-10)


def test_threads_share_chunks(lammps):
    """Five threads, parts of which begin and end inside of a chunk: one large and many small ones."""
    half = "region low block INF INF INF INF INF 5.0 units box\ngroup low region low\n"
    for chunks in (VOXELS, half + "variable w atom gmask(low)+1\ncompute cc all chunk/atom v_w\n"):
        setup = system("orthogonal", 2) + chunks
        D1, V1, _, _ = rows(lammps, setup)
        D, V, _, _ = rows(lammps, setup, np=2, env={"OMP_NUM_THREADS": "5"})
        assert_close(D, D1, 1e-12)
        assert_close(V[:, 1:].reshape(-1, 6), V1[:, 1:].reshape(-1, 6), 1e-12)


def test_atoms_in_no_chunk_and_empty_ranks(lammps, tmp_path):
    """Four slabs, three of them empty; the chunks have only some of the atoms."""
    setup = METAL + "boundary f f f\nprocessors 4 1 1\nlattice fcc 4.05\n"
    setup += "region b block 0 16 0 4 0 4\ncreate_box 2 b\nregion a block 1 3 0.5 3.5 0.5 3.5\n"
    setup += "create_atoms 1 region a\ndisplace_atoms all random 0.2 0.2 0.2 99\nmass * 26.98\n"
    setup += (
        "pair_style zero 6.0\npair_coeff * *\nregion c block 1 2 0 4 0 4\ngroup some region c\n"
    )
    setup += "compute cc some chunk/atom bin/1d y lower 2.0 units box compress yes\n"
    setup += f"compute s some {DBAR}\n" + write_global("c_s", "S.txt")
    D, _, whole, _ = rows(lammps, setup, np=4)
    part = read_global(tmp_path / "S.txt")[:, 0]
    assert 0 < D[:, 0].sum() < whole[0]
    assert (D[:, 0] > 0).all()  # compressed
    assert_close(D.sum(axis=0), part, 1e-12)


def test_chunks_that_change(lammps, tmp_path):
    """The number of layers grows with the box and falls with new settings, over several runs."""
    layers = "compute cc all chunk/atom bin/1d x lower 3.0 units box\n"
    move = CRYSTAL + layers + "fix pull all deform 5 x erate 4.0 remap x\nthermo 10\n"
    run = "run 0\nrun 40\nunfix pull\nuncompute cc\n" + layers.replace("3.0", "8.1") + "run 5\n"
    words = DBAR.replace(" weight 1 0.5", "")
    D, V, whole, virial = rows(lammps, move, np=2, run=run, words=words)
    assert_close(D.sum(axis=0), whole, 1e-12)
    assert_close(V.sum(axis=0)[1:], virial[1:], 1e-11)  # shear components nearly cancel
    lengths = [line.split()[1] for line in (tmp_path / "rows.txt").read_text().splitlines()
               if len(line.split()) == 2]  # fmt: skip
    assert int(lengths[0]) < max(map(int, lengths)) and int(lengths[-1]) == len(D) == 3


@pytest.mark.parametrize("ids", ["nfreq", "once nchunk once"])
def test_averages_over_time_hold_the_chunks(lammps, tmp_path, ids):
    """fix ave/time locks the chunks for its window: LAMMPS's own count per chunk averages alike."""
    setup = CRYSTAL + f"compute cc all chunk/atom bin/1d x lower 3.0 units box ids {ids}\n"
    setup += "fix pull all deform 5 x erate 2.0 remap x\n"
    setup += (
        "compute d all dbar bso4 4.7 twojmax 2 chunk cc\ncompute n all property/chunk cc count\n"
    )
    for name, source in (("ours", "c_d[1]"), ("theirs", "c_n")):
        setup += f"fix {name} all ave/time 5 4 20 {source} mode vector file {name}.txt\n"
    lammps(setup + "run 40\nrun 20\n", np=2)
    ours, theirs = (read_global(tmp_path / f"{name}.txt") for name in ("ours", "theirs"))
    assert ours.sum() == pytest.approx(256) and len(ours) > 5
    assert np.array_equal(ours, theirs)


def test_averaged_positions(lammps, tmp_path):
    setup = CRYSTAL + "compute cc all chunk/atom type\n"
    for name, more in (("d", ""), ("m", " average s"), ("a", " average s chunk cc")):
        setup += f"compute {name} all dbar bso4 4.7 twojmax 2{more}\n"
    setup += "fix s all dbar/stream 1 5 10 m monitor none\n"
    for name in ("m", "d"):
        setup += write_global(f"c_{name}", f"{name}.txt").replace("1 1 1", "10 1 10")
    setup += write_global("c_a[*]", "a.txt").replace("1 1 1", "10 1 10")
    lammps(setup + "run 20\n", np=2)
    mean, now = (read_global(tmp_path / f"{name}.txt")[:, 0] for name in "md")
    assert_close(read_global(tmp_path / "a.txt")[0], mean, 1e-12)
    assert np.abs(mean - now).max() > 1e-3


def test_clear_and_partitions(lammps, tmp_path):
    """A world each, started afresh after `clear`; the numbers of a world of its own."""
    setup = system("triclinic", 2) + VOXELS + f"compute d all {DBAR} chunk cc\n"
    setup += write_global("c_d[*]", "rows$s.txt").replace("out_rows$s", "out") + "run 0\nrun 0\n"
    script = "variable s world 1 2\n" + setup + "clear\n" + setup
    lammps(script, np=2, args=["-partition", "2x1"])
    expected, _, _, _ = rows(lammps, system("triclinic", 2) + VOXELS)
    for world in "12":
        assert_close(read_global(tmp_path / f"rows{world}.txt")[:, : K + 1], expected, 1e-12)


BAD = {
    "no such compute": ("chunk nope", ["chunk", "nope", "does not exist"]),
    "compute of another style": ("chunk t", ["chunk", "t ", "style temp", "chunk/atom"]),
    "nothing": ("chunk", ["chunk", "found nothing"]),
}


@pytest.mark.parametrize("case", BAD, ids=str)
def test_bad_input(lammps, case):
    words, expected = BAD[case]
    script = CRYSTAL + f"compute t all temp\ncompute d all dbar bso4 4.7 {words}\nrun 0\n"
    done = lammps(script, np=2, ok=False, timeout=60)
    assert done.returncode != 0 and len(done.errors) == 1, done.output[-2000:]
    assert all(word in done.errors[0] for word in expected), done.errors


def test_chunks_that_went_away(lammps):
    script = (
        CRYSTAL
        + VOXELS
        + "compute d all dbar bso4 4.7 twojmax 2 chunk cc\nrun 0\nuncompute cc\nrun 0\n"
    )
    done = lammps(script, np=2, ok=False, timeout=60)
    assert len(done.errors) == 1 and "compute cc of keyword chunk does not exist" in done.errors[0]


def test_too_many_chunks(lammps):
    """More numbers than MPI can reduce at once: named before any memory is asked for."""
    script = CRYSTAL + "compute cc all chunk/atom bin/3d x lower 0.02 y lower 0.02 z lower 0.02\n"
    script += "compute d all dbar bso4 4.7 virial yes chunk cc\nthermo_style custom step c_d[1][1]\nrun 0\n"
    done = lammps(script, np=2, ok=False, timeout=60)
    assert len(done.errors) == 1 and "chunks of" in done.errors[0], done.output[-2000:]
