"""`compute dbar bso4` against LAMMPS's own `compute snap`: D to 1e-10, V to 1e-10."""

import numpy as np
import pytest
from dbar._kernels import available_isas

from blocks import SNAP_VOIGT, assert_close, read_global, run_dbar, system, write_global

# twojmax, species, box, words for dbar, words for snap, group
CASES = {
    "twojmax2": (2, 1, "orthogonal", "", ""),
    "twojmax6": (6, 1, "orthogonal", "", ""),
    "twojmax8": (8, 1, "orthogonal", "", ""),
    "triclinic": (6, 1, "triclinic", "", ""),
    "open box": (6, 1, "open", "", ""),
    "two species": (6, 2, "orthogonal", "radius 0.5 0.42 weight 1.0 0.7", ""),
    "two species, triclinic, twojmax 8": (8, 2, "triclinic", "radius 0.45 0.5 weight 0.9 -0.4", ""),
    "no switching": (6, 2, "orthogonal", "switch no", "switchflag 0"),
    "bzero": (6, 2, "orthogonal", "bzero yes weight 1.0 0.7", "bzeroflag 1"),
    "rmin0": (4, 1, "orthogonal", "rmin0 0.3", "rmin0 0.3"),
    "rfac0": (4, 1, "orthogonal", "rfac0 0.9", ""),
}


def values_of(words, key, count, default):
    words = words.split()
    return words[words.index(key) + 1 :][:count] if key in words else [default] * count


def snap(twojmax, words, snap_words, ntypes=2):
    """The `compute snap` command of the same descriptor."""
    rfac0 = values_of(words, "rfac0", 1, "0.99363")[0]
    radius = " ".join(values_of(words, "radius", ntypes, "0.5"))
    weight = " ".join(values_of(words, "weight", ntypes, "1.0"))
    flags = "" if "bzeroflag" in snap_words else " bzeroflag 0"
    return f"snap 4.7 {rfac0} {twojmax} {radius} {weight} {snap_words}{flags}"


def oracle(lammps, tmp_path, setup, command, group, size, ntypes=2):
    """Sums of B per type (ntypes, K) and their virial (ntypes, K, 6) in our order and sign."""
    columns = ntypes * size + 1
    text = setup + f"compute s {group} {command}\n" + write_global("c_s", "S.txt", columns)
    lammps(text + "run 0\n")
    array = read_global(tmp_path / "S.txt")[:, :-1]
    sums = array[0].reshape(ntypes, size)
    virial = -array[-6:].reshape(6, ntypes, size)[SNAP_VOIGT]
    return sums, np.moveaxis(virial, 0, -1)


def count(setup, lammps):
    done = lammps(setup + "run 0\nprint 'COUNT $(count(all))'\n")
    return float(done.output.split("COUNT")[-1].split()[0])


@pytest.mark.parametrize("case", CASES, ids=str)
def test_equals_compute_snap(lammps, tmp_path, case):
    twojmax, species, box, words, snap_words = CASES[case]
    setup = system(box, species)
    script = setup + f"compute d all dbar bso4 4.7 twojmax {twojmax} {words} virial yes\n"
    D, V = run_dbar(lammps, script)
    sums, virial = oracle(
        lammps, tmp_path, setup, snap(twojmax, words, snap_words), "all", len(D) - 1
    )
    assert D[0] == count(setup, lammps)
    assert_close(D[1:], sums.sum(axis=0), 1e-10)
    assert_close(V[1:], virial.sum(axis=0), 1e-10)
    assert not V[0].any()


def test_perspecies_and_group(lammps, tmp_path):
    """Blocks per central type; the group selects central atoms only, neighbours are all atoms."""
    setup = (
        system("triclinic", 2)
        + "region half block INF INF INF INF INF 1.3\ngroup half region half\n"
    )
    words = "twojmax 6 radius 0.5 0.45 weight 1.0 0.8"
    script = setup + f"compute d half dbar bso4 4.7 {words} virial yes perspecies yes\n"
    D, V = run_dbar(lammps, script)
    size = (len(D) - 1) // 2
    sums, virial = oracle(lammps, tmp_path, setup, snap(6, words, ""), "half", size)
    assert 0 < D[0] < count(setup, lammps)
    assert_close(D[1:].reshape(2, size), sums, 1e-10)
    assert_close(V[1:].reshape(2, size, 6), virial, 1e-10)


def test_diagonal_is_j1_equal_j2(lammps, tmp_path):
    """`diagonal yes`: j1 = j2 and every j, from the full list by B(j1,j1,j) = (j+1)/(j1+1) B(j1,j,j1)."""
    twojmax = 7
    setup = system("orthogonal", 1)
    full = [
        (j1, j2, j)
        for j1 in range(twojmax + 1)
        for j2 in range(j1 + 1)
        for j in range(j1 - j2, min(twojmax, j1 + j2) + 1, 2)
        if j >= j1
    ]
    D, V = run_dbar(
        lammps, setup + f"compute d all dbar bso4 4.7 twojmax {twojmax} diagonal yes virial yes\n"
    )
    sums, virial = oracle(lammps, tmp_path, setup, snap(twojmax, "", ""), "all", len(full))
    keep, factor = [], []
    for j1 in range(twojmax + 1):
        for j in range(0, min(twojmax, 2 * j1) + 1, 2):
            keep.append(full.index((j1, j1, j) if j >= j1 else (j1, j, j1)))
            factor.append(1.0 if j >= j1 else (j + 1) / (j1 + 1))
    factor = np.array(factor)
    assert_close(D[1:], factor * sums.sum(axis=0)[keep], 1e-10)
    assert_close(V[1:], factor[:, None] * virial.sum(axis=0)[keep], 1e-10)


@pytest.mark.parametrize("isa", available_isas())
def test_every_dispatch_path(lammps, tmp_path, isa):
    """The plugin itself on each instruction set, two species in a triclinic box on 2 ranks."""
    setup = system("triclinic", 2)
    words = "twojmax 8 radius 0.45 0.5 weight 0.9 -0.4"
    script = setup + f"compute d all dbar bso4 4.7 {words} virial yes\n"
    D, V = run_dbar(lammps, script, np=2, env={"DBAR_ISA": isa})
    assert f"{isa} kernel" in (tmp_path / "log.lammps").read_text()
    sums, virial = oracle(lammps, tmp_path, setup, snap(8, words, ""), "all", len(D) - 1)
    assert_close(D[1:], sums.sum(axis=0), 1e-10)
    assert_close(V[1:], virial.sum(axis=0), 1e-10)
