"""Every run waits for these imports: what takes long to import comes only where it is asked for."""

import subprocess
import sys

import pytest

HEAVY = ("sklearn", "pandas", "matplotlib", "scipy", "ase", "ovito")


@pytest.mark.parametrize(
    "rooms", ["stream", "ensemble, dbar.ensemble.session", "watch, dbar.watch.follow"]
)
def test_nothing_heavy_is_imported(rooms):
    """A run, an ensemble with all its processes, and who watches."""
    code = f"import sys, dbar.{rooms}; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


SELDOM = ("sklearn", "pandas", "matplotlib", "scipy.optimize", "scipy.spatial", "scipy.interpolate")


def test_entropies_start_without_what_databases_need():
    """A run with `compute dbar/entropy`: its matrices are SciPy's, its atoms those of ASE."""
    code = f"import sys, dbar.entropy.live; print([m for m in {SELDOM} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_run_starts_without_what_reads_files():
    code = "import sys, dbar.stream; print('dbar.trajectory' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_server_of_forces_starts_with_numpy_alone():
    """Each rank of each session of `dbar.entropy` is one."""
    code = "import sys, dbar.lammps.worker; print([m for m in ('scipy', 'ase', 'h5py') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
