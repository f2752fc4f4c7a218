"""A killed writer and a full disk: nothing but the snapshot in flight may be lost."""

import os
import random
import signal
import struct
import subprocess
import sys
import time

import numpy as np
import pytest

from dbar.files.superblock import lookup3
from dbar.store import Store
from dbar.trajectory import read, tensor_to_voigt
from harness import HELPERS
from patience import run
from streams import MONITOR, fill, header, kill_copy, stream

WRITER = """
import sys
import numpy as np
from dbar.store import Store
from harness import HELPERS
from streams import BOX, MONITOR, PERIODIC, header, stream

store = Store(sys.argv[1], header(), say=lambda line: None)
print("ready", flush=True)
for n, (step, now, D, V, thermo) in enumerate(stream(4000), 1):
    store.append(step, now, D, V, thermo, MONITOR)
    sys.stdout.write(f"{n}\\n")
    sys.stdout.flush()
    if n % 3 == 0:
        store.keep(step, now, np.arange(1, 5), np.ones(4, int), np.full((4, 3), step), BOX, PERIODIC)
    if n % 5 == 0:
        store.write_checkpoint({"count": n, "x": np.full(20000, float(n))})
"""


@pytest.mark.parametrize("number", range(10))
def test_kill_at_a_random_moment(tmp_path, number):
    path = tmp_path / "run.h5md"
    script = tmp_path / "writer.py"
    script.write_text(WRITER)
    places = os.pathsep.join([str(HELPERS), os.environ.get("PYTHONPATH", "")])
    writer = subprocess.Popen(
        [sys.executable, str(script), str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": places},
    )
    assert writer.stdout.readline() == "ready\n"
    time.sleep(random.Random(number).uniform(0.0, 0.5))
    writer.send_signal(signal.SIGKILL)
    acknowledged = writer.stdout.read().split("\n")[:-1]
    writer.wait()
    written = int(acknowledged[-1]) if acknowledged else 0

    traj = read(path)
    assert written <= len(traj) <= written + 1
    rows = stream(len(traj))
    assert np.array_equal(traj.step, [row[0] for row in rows])
    assert np.array_equal(traj.time, [row[1] for row in rows])
    assert np.array_equal(traj.D, np.array([row[2] for row in rows]).reshape(traj.D.shape))
    assert np.array_equal(tensor_to_voigt(traj.V).ravel(), np.ravel([row[3] for row in rows]))
    assert np.array_equal(traj.observables["pe"], np.full(len(traj), -10.0))
    assert np.array_equal(traj.monitor["M"], np.full(len(traj), 1.5))
    kept = len(traj.snapshots) if traj.snapshots else 0
    assert (written - 1) // 3 <= kept <= len(traj) // 3
    for k in range(kept):
        assert np.all(traj.snapshots.position[k] == traj.snapshots.step[k])

    # and the run goes on from there, with a checkpoint that is whole and recent
    store = Store(path, header(), step=10**9, restarted=True, say=lambda line: None)
    assert store.snapshots == len(traj)
    if written > 5:
        found = store.checkpoint_read
        assert written - 10 < found.snapshots <= len(traj)
        assert found.arrays["count"] == found.snapshots
        assert np.all(found.arrays["x"] == found.snapshots)
    store.append(10**9, 1.0, np.zeros(7), np.zeros((7, 6)), np.zeros(4), MONITOR)
    store.close()
    assert len(read(path)) == len(traj) + 1


FULL_DISK = """
import resource, signal, sys
from dbar.store import Store
from dbar.store.h5md import StoreError
from harness import HELPERS
from streams import fill, header, stream

store = Store(sys.argv[1], header())
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (190000, -1))
try:
    fill(store, stream(3000))
except StoreError as error:
    print(error, flush=True)
    print(store.snapshots, flush=True)
for again in range(2):  # also when there is space again
    try:
        store.write_checkpoint({})
    except StoreError as error:
        print(error, flush=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
if sys.argv[2] == "closed":
    store.close()
"""


@pytest.mark.parametrize("end", ["closed", "left open"])
def test_full_disk_is_an_error_and_loses_nothing(tmp_path, end):
    path, script = tmp_path / "run.h5md", tmp_path / "writer.py"
    script.write_text(FULL_DISK)
    places = os.pathsep.join([str(HELPERS), os.environ.get("PYTHONPATH", "")])
    done = run(
        [sys.executable, str(script), str(path), end],
        60,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": places},
    )
    message, count, *again = done.stdout.splitlines()
    assert {message, *again} == {f"{path}: cannot be written (File too large)"} and len(again) == 2
    # HDF5 tries again at the end of the process, and must neither crash nor spoil the file
    assert done.returncode == 0 and not done.stderr, done.stderr
    traj = read(path)
    assert 0 < int(count) <= len(traj)
    assert np.array_equal(traj.D, [row[2] for row in stream(len(traj))])


@pytest.mark.parametrize("shift", [-4000, -72, 0, 4000])
def test_end_of_file_in_the_superblock_is_not_trusted(tmp_path, shift):
    """A kill may leave it behind what metadata points to, or ahead of what was written."""
    path = tmp_path / "killed.h5md"
    store = Store(tmp_path / "run.h5md", header())
    fill(store, stream(30))
    kill_copy(store, path)
    store.close()
    raw = bytearray(path.read_bytes())
    struct.pack_into("<Q", raw, 28, len(raw) + shift)
    struct.pack_into("<I", raw, 44, lookup3(bytes(raw[:44])))
    path.write_bytes(raw)
    assert np.array_equal(read(path).D, [row[2] for row in stream(30)])
