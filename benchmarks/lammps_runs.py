"""Start LAMMPS for a benchmark, and read its timing table."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

CRYSTAL = (
    "units metal\natom_modify map array\nboundary p p p\nlattice fcc 4.05\n"
    "region b block 0 {0} 0 {1} 0 {2}\ncreate_box 1 b\ncreate_atoms 1 box\nmass 1 26.98\n"
)


def run(script, ranks=1, threads=1):
    """Run a script, return LAMMPS's screen output."""
    bin_folder = Path(sys.executable).parent
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "in.bench").write_text(script)
        command = [bin_folder / "mpirun", "-np", str(ranks), bin_folder / "lmp", "-in", "in.bench"]
        done = subprocess.run(
            [*command, "-log", "none", "-nocite"],
            cwd=folder,
            env=dict(os.environ, OMP_NUM_THREADS=str(threads)),
            capture_output=True,
            text=True,
        )
    if done.returncode:
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
    return done.stdout


def peak_memory(script):
    """Largest resident size of one rank, in bytes."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "in.bench").write_text(script)
        command = [
            Path(sys.executable).parent / "lmp",
            "-in",
            "in.bench",
            "-log",
            "none",
            "-nocite",
        ]
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{command} ended with {status}")
    return 1024 * usage.ru_maxrss


def loop_seconds(output):
    """Wall time of the last run."""
    return float(re.findall(r"Loop time of (\S+)", output)[-1])


def section_seconds(output, name):
    """Average time of one section (Pair, Neigh, Comm, Modify) of the last run."""
    table = output.rsplit("MPI task timing breakdown", 1)[1]
    return float(re.search(rf"^{name}\s*\|[^|]*\|\s*(\S+)", table, re.M)[1])


def atoms(output):
    """Number of atoms of the last run."""
    return int(re.findall(r"steps with (\d+) atoms", output)[-1])


def spread(values, digits=2):
    """Median, and the middle half in brackets."""
    low, middle, high = np.percentile(values, [25, 50, 75])
    return f"{middle:.{digits}f} ({low:.{digits}f}-{high:.{digits}f})"
