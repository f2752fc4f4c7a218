"""Positions from i-PI and forces for it that are no numbers: one error with atom and step."""

import socket
import struct
import threading
from pathlib import Path

import numpy as np
import pytest

from harness import run_lammps
from ipi_runs import argon, client_script, socket_name, write_system

PUSH = (
    "variable big equal 1.7e308*(step>2)\ngroup one id 40\n"
    "fix push one addforce v_big 0 0\nfix more one addforce v_big 0 0\n"
)


def serve(listening, structures, taken):
    """As i-PI does: a structure, then the forces on it."""
    connection, _ = listening.accept()
    with connection:
        stream = connection.makefile("rwb")

        def say(word, data=b""):
            stream.write(word.ljust(12).encode() + data)
            stream.flush()

        for cell, q in structures:
            say("STATUS")
            if stream.read(12) == b"NEEDINIT    ":
                say("INIT", struct.pack("ii", 0, 1) + b" ")
            numbers = np.concatenate([cell.ravel(), np.linalg.inv(cell).ravel()])
            say("POSDATA", numbers.tobytes() + struct.pack("i", len(q)) + q.tobytes())
            say("GETFORCE")
            try:
                answer = stream.read(12)
            except ConnectionResetError:  # both ends of a client that died look like this
                answer = b""
            if not answer:
                return
            energy, count = struct.unpack("di", stream.read(12))
            force = np.frombuffer(stream.read(24 * count))
            stream.read(72)
            stream.read(struct.unpack("i", stream.read(4))[0])
            taken.append((energy, force))


@pytest.fixture
def stops(tmp_path):
    """stops(structures, words, script): two ranks serve and end with one error; what they answered."""

    def run(change, words, script=""):
        atoms = argon()
        write_system(tmp_path, atoms)
        cell = atoms.cell.array.T / 0.52917721
        q = atoms.positions / 0.52917721
        structures = [(cell, change(k, q.copy())) for k in range(8)]
        name, taken = socket_name(), []
        where = Path(f"/tmp/ipi_{name}")
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(where))
            listening.listen()
            server = threading.Thread(
                target=serve, args=(listening, structures, taken), daemon=True
            )
            server.start()
            text = client_script(f"dbar/ipi d {name} 0 unix", 20, before=script)
            done = run_lammps(tmp_path, text, 2, ok=False, timeout=40)
        server.join(10)
        where.unlink()
        assert done.returncode and len(done.errors) == 1, done.output[-2000:]
        for word in ["Fix dbar/ipi: ", "finite", *words]:
            assert word in done.errors[0], done.errors
        for energy, force in taken:
            assert np.isfinite(energy) and np.isfinite(force).all()
        return taken

    return run


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_positions(stops, bad):
    def change(k, q):
        q[16, 1] = bad if k == 3 else q[16, 1]
        return q

    assert len(stops(change, ["atom 17", str(bad), "step 3", "3 structures"])) == 3


def test_forces(stops):
    """i-PI would go on with them, as it does with those of LAMMPS's own client."""
    words = ["force on atom 40", "step 3", "2 structures"]
    assert len(stops(lambda k, q: q, words, PUSH)) == 2
