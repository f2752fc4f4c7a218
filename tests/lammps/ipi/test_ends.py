"""How a connection of `fix dbar/ipi` ends: EXIT, no server, a server that dies, wrong input."""

import re
import shutil
import signal
import tempfile
import time

import numpy as np
import pytest

from dbar.bias import CollectiveVariable
from dbar.descriptors import Bispectrum
from ipi_runs import (
    COMPUTE,
    LENNARD_JONES,
    argon,
    client,
    client_script,
    ffsocket,
    finish,
    free_port,
    i_pi,
    positions,
    serve,
    socket_name,
    write_input,
    write_system,
)
from patience import wait_for

DUMP = "dump x all custom 1 dump.txt id x y z\n"


def complete_frames(folder):
    """Frames of the dump, each of which must be whole."""
    lines = (folder / "dump.txt").read_text().splitlines()
    assert len(lines) % (9 + 72) == 0
    return len(lines) // (9 + 72)


def test_exit_ends_the_run_and_the_script_goes_on(tmp_path):
    """Socket elsewhere (i-PI's sockets_prefix), 2 ranks, another run without the fix afterwards."""
    write_system(tmp_path, argon())
    short = tempfile.mkdtemp(prefix="dbar-")
    try:
        printed = serve(
            tmp_path, f"dbar/ipi d here 0 unix prefix {short}/s_", 2, forcefield=ffsocket("here"), steps=20,
            prefix=f"{short}/s_", before=DUMP,
            after='print "at $(step) served $(f_i)"\nunfix i\nundump x\nfix move all nve\nrun 7\nprint "at $(step)"\n',
        )  # fmt: skip
    finally:
        shutil.rmtree(short)
    assert "i-PI said EXIT after 21 structures" in printed
    assert "at 21 served 21" in printed and "at 28" in printed and "the script went on" in printed
    log = (tmp_path / "log.client").read_text()
    assert log.count("Loop time") == 2 and "Total wall time" in log
    assert complete_frames(tmp_path) == 22  # step 0, then one for each structure


def test_exit_in_a_run_of_parts(tmp_path):
    """`run N every M`: one connection for all parts; a part after EXIT asks for i-PI again."""
    write_system(tmp_path, argon())
    name = socket_name()
    printed = serve(
        tmp_path, f"dbar/ipi d {name} 0 unix", 2, forcefield=ffsocket(name), steps=20,
        run='21 every 8 "print at:$(step)"', after='unfix i\nfix move all nve\nrun 7\nprint "at $(step)"\n',
    )  # fmt: skip
    assert re.findall(r"^at:(\d+)", printed, re.M) == ["8", "16", "21"]
    assert printed.count("connected to i-PI") == 1
    assert "at 28" in printed and "the script went on" in printed

    gone = (
        f"shell while test -S /tmp/ipi_{name}; do sleep 0.1; done"  # EXIT comes before i-PI closes
    )
    run = f"30 every 8 \"if '$(step) == 21' then '{gone}'\""
    again = {"forcefield": ffsocket(name), "steps": 20, "run": run}
    with pytest.raises(AssertionError, match="i-PI has left before"):
        serve(tmp_path, f"dbar/ipi d {name} 0 unix timeout 1", **again)


@pytest.mark.parametrize("mode", ["unix", "inet"])
def test_nobody_listens(lammps, tmp_path, mode):
    write_system(tmp_path, argon())
    where = f"{socket_name()} 0 unix" if mode == "unix" else f"localhost {free_port()}"
    done = lammps(client_script(f"dbar/ipi d {where} timeout 1"), np=2, ok=False, timeout=20)
    assert done.returncode != 0 and len(done.errors) == 1
    assert "nobody listens at" in done.errors[0] and where.split()[0] in done.errors[0]


def killed(tmp_path, keyword):
    """i-PI is killed in mid-run, without a chance to say EXIT: what LAMMPS says, and its exit code."""
    write_system(tmp_path, argon())
    name = socket_name()
    write_input(tmp_path, ffsocket(name), steps=100000)
    script = client_script(
        f"dbar/ipi d {name} 0 unix {keyword}", before=DUMP + "dump_modify x flush no\n"
    )
    with i_pi(tmp_path) as server, client(tmp_path, script, 2) as lmp:
        wait_for(
            lambda: (
                (tmp_path / "run.out").exists() and len((tmp_path / "run.out").read_text()) > 20000
            ),
            "20 steps",
        )
        server.send_signal(signal.SIGKILL)
        text = finish(lmp, tmp_path, "client.out", timeout=10, ok=False)
    assert complete_frames(tmp_path) > 10
    return text, lmp.returncode


def test_i_pi_dies_and_the_run_ends(tmp_path):
    text, code = killed(tmp_path, "")
    assert code == 0 and "the script went on" in text
    assert "WARNING: Fix dbar/ipi" in text and "structures; the run ends here" in text
    assert "Total wall time" in (tmp_path / "log.client").read_text()


def test_i_pi_dies_and_that_is_an_error(tmp_path):
    text, code = killed(tmp_path, "lost error")
    assert code != 0 and "the script went on" not in text
    errors = [line for line in text.splitlines() if line.startswith("ERROR")]
    assert len(errors) == 1 and "Fix dbar/ipi" in errors[0]


def test_client_may_come_first_and_waits(tmp_path):
    write_system(tmp_path, argon())
    name = socket_name()
    write_input(tmp_path, ffsocket(name), steps=2)
    with client(tmp_path, client_script(f"dbar/ipi d {name} 0 unix timeout 60"), 2) as lmp:
        wait_for(lambda: "Neighbor list info" in (tmp_path / "client.out").read_text(), "LAMMPS")
        time.sleep(0.5)
        with i_pi(tmp_path) as server:
            finish(lmp, tmp_path, "client.out")
            finish(server, tmp_path, "i-pi.log")
    assert len(positions(tmp_path)) == 3


SYSTEM = f"units metal\nread_data init.data\n{LENNARD_JONES}{COMPUTE}\n"
FIX = "fix i all dbar/ipi d"

OTHER = Bispectrum(5.0, twojmax=2)

BAD = {
    "variable of another descriptor": (
        f"{FIX} name 1 unix cv other.json\n",
        ["other.json", "twojmax", "2", "4"],
    ),
    "variable that is not there": (f"{FIX} name 1 unix cv none.json\n", ["none.json"]),
    "no variable after cv": (f"{FIX} name 1 unix cv\n", ["cv"]),
    "variable twice": (f"{FIX} name 1 unix cv one.json one.json\n", ["one"]),
    "too few words": (f"{FIX} name\n", ["COMPUTE-ID address port"]),
    "compute missing": ("fix i all dbar/ipi nope name 1 unix\n", ["nope", "does not exist"]),
    "compute of another style": (
        "compute t all temp\nfix i all dbar/ipi t name 1 unix\n",
        ["temp", "expected dbar"],
    ),
    "port not a number": (f"{FIX} localhost http\n", ["http"]),
    "port too large": (f"{FIX} localhost 99999\n", ["99999", "65535"]),
    "unknown keyword": (f"{FIX} name 1 unics\n", ["unics", "unix"]),
    "prefix without unix": (f"{FIX} localhost 31415 prefix /tmp/x_\n", ["prefix", "unix"]),
    "timeout negative": (f"{FIX} name 1 unix timeout -3\n", ["timeout", "-3"]),
    "lost maybe": (f"{FIX} name 1 unix lost maybe\n", ["lost", "maybe", "end or error"]),
    "extra without v_": (f"{FIX} name 1 unix extra pe\n", ["extra", "pe", "v_name"]),
    "extra named D": (f"{FIX} name 1 unix extra v_D\n", ["D", "taken"]),
    "host unknown": (f"{FIX} no.such.host.invalid 31415\nrun 1\n", ["no.such.host.invalid"]),
    "path too long": (f"{FIX} {'n' * 120} 0 unix\nrun 1\n", ["n" * 100, "characters"]),
    "group is not all": (
        "group some id 1:10\nfix i some dbar/ipi d name 0 unix\nrun 1\n",
        ["some", "10 of 72"],
    ),
    "another integrator": (f"fix move all nve\n{FIX} name 0 unix\nrun 1\n", ["move", "nve"]),
    "respa": (f"run_style respa 2 2 pair 1\n{FIX} name 0 unix\nrun 1\n", ["respa"]),
    "IDs with gaps": (
        f"group one id 5\ndelete_atoms group one compress no\n{FIX} name 0 unix\nrun 1\n",
        ["atom IDs"],
    ),
}


@pytest.mark.parametrize("case", BAD, ids=str)
def test_bad_input(lammps, tmp_path, case):
    lines, words = BAD[case]
    write_system(tmp_path, argon())
    for name, descriptor in (("other", OTHER), ("one", Bispectrum(5.0, twojmax=4))):
        weights = np.ones(descriptor.n_components)
        cv = CollectiveVariable.from_weights(weights, name, descriptor)
        cv.export(tmp_path / f"{name}.json")
    done = lammps(SYSTEM + lines, ok=False, timeout=40)
    assert done.returncode != 0 and len(done.errors) == 1, done.output[-2000:]
    for word in words:
        assert word in done.errors[0], done.errors[0]


def test_tilted_cell_into_an_orthogonal_box(tmp_path):
    """LAMMPS's own client would leave the tilt out and say nothing."""
    write_system(tmp_path, argon())
    data = (tmp_path / "init.data").read_text()
    write_system(tmp_path, argon(tilt=True))
    (tmp_path / "init.data").write_text(data)
    refused(tmp_path, ["tilted", "orthogonal", "change_box"])


def test_i_pi_with_another_number_of_atoms(tmp_path):
    write_system(tmp_path, argon())
    data = (tmp_path / "init.data").read_text()
    write_system(tmp_path, argon()[:70])
    (tmp_path / "init.data").write_text(data)
    refused(tmp_path, ["70 atoms", "72"])


def refused(tmp_path, words):
    name = socket_name()
    write_input(tmp_path, ffsocket(name), steps=5)
    with i_pi(tmp_path), client(tmp_path, client_script(f"dbar/ipi d {name} 0 unix"), 2) as lmp:
        text = finish(lmp, tmp_path, "client.out", timeout=30, ok=False)
    errors = [line for line in text.splitlines() if line.startswith("ERROR")]
    assert lmp.returncode != 0 and len(errors) == 1
    assert all(word in errors[0] for word in words), errors[0]
