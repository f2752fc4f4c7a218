"""`compute dbar`: strain derivative, ranks, cutoffs, repeated runs, restrictions."""

import numpy as np
import pytest

from blocks import METAL, assert_close, read_global, run_dbar, system, write_global

COMPUTE = "compute d all dbar bso4 4.7 twojmax 6 virial yes\n"


def strained(k, eps):
    """change_box words for the strain component k (xx yy zz xy xz yz) of the triclinic test box."""
    length, xy, xz, yz = 12.15, 2.835, -1.62, 3.645
    g = 1 + eps
    return [
        f"x scale {g!r} xy final {xy * g!r} xz final {xz * g!r}",
        f"y scale {g!r} yz final {yz * g!r}",
        f"z scale {g!r}",
        f"xy final {xy + eps * length!r} xz final {xz + eps * yz!r}",
        f"xz final {xz + eps * length!r}",
        f"yz final {yz + eps * length!r}",
    ][k]


def test_virial_is_the_strain_derivative(lammps, tmp_path):
    """V against central differences of D under a strain of box and atoms; truncation is O(eps^2) = 1e-8."""
    eps = 1e-4
    script, expected = "", []
    for k in range(6):
        for name, sign in (("up", 1), ("down", -1)):
            script += "clear\n" + system("triclinic", 2)
            script += f"change_box all {strained(k, sign * eps)} remap units box\n" + COMPUTE
            script += write_global("c_d", f"{name}{k}.txt") + "run 0\n"
    lammps(script)
    for k in range(6):
        up, down = (read_global(tmp_path / f"{name}{k}.txt")[:, 0] for name in ("up", "down"))
        expected.append((up - down) / (2 * eps))
    _, V = run_dbar(lammps, system("triclinic", 2) + COMPUTE)
    assert_close(V[1:], np.array(expected).T[1:], 1e-6)


@pytest.mark.parametrize("box", ["orthogonal", "triclinic"])
def test_any_number_of_ranks(lammps, box):
    setup = system(box, 2) + "compute d all dbar bso4 4.7 twojmax 6 weight 1 0.5 virial yes\n"
    D1, V1 = run_dbar(lammps, setup, np=1)
    for np_ in (2, 3, 4):
        D, V = run_dbar(lammps, setup, np=np_)
        assert_close(D, D1, 1e-12)
        assert_close(V[1:], V1[1:], 1e-12)


def test_empty_rank(lammps):
    """Four slabs, the atoms all in one of them."""
    setup = METAL + "boundary f f f\nprocessors 4 1 1\nlattice fcc 4.05\n"
    setup += "region b block 0 16 0 4 0 4\ncreate_box 1 b\nregion a block 1 3 0.5 3.5 0.5 3.5\n"
    setup += "create_atoms 1 region a\ndisplace_atoms all random 0.2 0.2 0.2 99\nmass 1 26.98\n"
    setup += "pair_style zero 6.0\npair_coeff * *\n" + COMPUTE
    D4, V4 = run_dbar(lammps, setup, np=4)
    D1, V1 = run_dbar(lammps, setup.replace("processors 4 1 1\n", ""), np=1)
    assert_close(D4, D1, 1e-12)
    assert_close(V4[1:], V1[1:], 1e-12)


def test_cutoff_beyond_the_pair_style(lammps):
    D_far, V_far = run_dbar(lammps, system(pair="zero 8.0") + COMPUTE)
    near = system(pair="zero 3.0") + "comm_modify cutoff 6.8\n" + COMPUTE
    D, V = run_dbar(lammps, near, np=2)
    assert_close(D, D_far, 1e-12)
    assert_close(V[1:], V_far[1:], 1e-12)


def test_ghost_cutoff_too_small_names_the_command(lammps):
    done = lammps(system(pair="zero 3.0") + COMPUTE + "run 0\n", np=2, ok=False)
    assert done.returncode != 0
    assert any("comm_modify cutoff 6.7" in line for line in done.errors), done.output[-1000:]


EAM = METAL + (
    "boundary p p p\nlattice fcc 4.05\nregion b block 0 4 0 4 0 4\ncreate_box 1 b\ncreate_atoms 1 box\n"
    "mass 1 26.98\npair_style eam/fs\npair_coeff * * Al_mm.eam.fs Al\n"
    "velocity all create 900 7\nfix nve all nve\n"
)


def test_run_twice_run_zero_clear(lammps, tmp_path):
    """Two runs in a row give what one long run gives; `clear` and a second system start afresh."""
    pieces = EAM + COMPUTE + write_global("c_d", "D.txt")
    lammps(pieces + "run 40\n")
    once = read_global(tmp_path / "D.txt")
    script = pieces + "run 20\nrun 20\nrun 0\nclear\n" + system(species=2) + COMPUTE
    lammps(script + write_global("c_d", "E.txt") + "run 0\nrun 0\n", np=2)
    twice = read_global(tmp_path / "D.txt")
    # rank count and an extra reneighboring change the order of sums in the forces, no more
    assert_close(twice[:, 0], once[:, 0], 1e-9)
    D, _ = run_dbar(lammps, system(species=2) + COMPUTE)
    assert_close(read_global(tmp_path / "E.txt")[:, 0], D, 1e-12)


@pytest.mark.parametrize(
    "change", ["replicate 2 1 1", "change_box all x scale 2 y scale 1.5 remap units box"]
)
def test_another_system_at_the_same_step(lammps, change):
    """`replicate` makes the atoms anew, the box has other bins: a run of no steps sees both, as the first run does."""
    script = system(species=2) + "{first}" + COMPUTE + "{second}"
    show = "thermo_style custom step c_d[2]\nrun 0\n"
    first, _ = run_dbar(lammps, script.format(first=change + "\n", second=""))
    again, _ = run_dbar(lammps, script.format(first="", second=f"{show}{change}\n"))
    assert_close(again, first, 1e-11)


def test_partitions(lammps, tmp_path):
    script = "variable s world 1 2\n" + system(species=2).replace("4711", "4711$s") + COMPUTE
    lammps(
        script + write_global("c_d", "D$s.txt").replace("out_D$s", "out") + "run 0\n",
        np=2,
        args=["-partition", "2x1"],
    )
    for world in "12":
        D, _ = run_dbar(lammps, system(species=2).replace("4711", "4711" + world) + COMPUTE)
        assert_close(read_global(tmp_path / f"D{world}.txt")[:, 0], D, 1e-12)


def test_deforming_box_keeps_ghosts_with_their_owners(lammps, tmp_path):
    """At output time fix deform has moved the box: D must be that of the configuration written to a dump."""
    script = EAM + "fix deform all deform 1 x erate 0.5 remap x\n" + COMPUTE
    script += write_global("c_d", "D.txt") + "run 10\nwrite_data end.data\n"
    lammps(script, np=2)
    D = read_global(tmp_path / "D.txt")[:, 0]
    again = (
        METAL + "boundary p p p\npair_style zero 8.0\nread_data end.data nocoeff\npair_coeff * *\n"
    )
    expected, _ = run_dbar(lammps, again + COMPUTE)
    assert_close(D, expected, 1e-9)  # write_data rounds positions to 16 digits


def test_memory_is_reported(lammps):
    done = lammps(system() + COMPUTE + "run 0\ninfo memory\n")
    assert "Mbytes" in done.output


@pytest.mark.parametrize("threads", [2, 3])
def test_threads(lammps, threads):
    """Threads only regroup the sums, and the same number of threads gives the same bits."""
    setup = (
        system("triclinic", 2) + "compute d all dbar bso4 4.7 twojmax 6 virial yes perspecies yes\n"
    )
    D1, V1 = run_dbar(lammps, setup)
    first, second = (
        run_dbar(lammps, setup, np=2, env={"OMP_NUM_THREADS": str(threads)}) for _ in range(2)
    )
    assert_close(first[0], D1, 1e-12)
    assert_close(first[1][1:], V1[1:], 1e-12)
    assert np.array_equal(first[0], second[0]) and np.array_equal(first[1], second[1])


def test_log_names_the_kernel(lammps):
    script = system() + COMPUTE + "run 0\n"
    named = "compute dbar d: bso4, 30 components per atom, {} kernel"
    assert named.format("portable") in lammps(script, env={"DBAR_ISA": "portable"}).output
    wrong = lammps(script, env={"DBAR_ISA": "avx1024"}, ok=False)
    assert len(wrong.errors) == 1 and "avx1024" in wrong.errors[0] and "portable" in wrong.errors[0]
