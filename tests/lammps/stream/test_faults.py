"""A folder that takes no file, a disk that fills and observers that misbehave, inside a run on two ranks: an error, no hang."""

import subprocess

import numpy as np
import pytest

from blocks import METAL
from dbar.trajectory import read
from harness import command, environment, on_small_disk
from killed import WATCH, seen
from patience import run

SYSTEM = METAL + (
    "boundary p p p\nlattice fcc 4.05\nregion b block 0 4 0 4 0 4\ncreate_box 1 b\ncreate_atoms 1 box\n"
    "mass 1 26.98\npair_style eam/fs\npair_coeff * * Al_mm.eam.fs Al\n"
    "velocity all create 300 7\nfix nve all nve\ncompute d all dbar bso4 4.7 twojmax 4\n"
)
STREAM = "fix s all dbar/stream 1 1 10 d store run.h5md python "

# From the third snapshot on no file of this process may grow beyond its size then.
FULL = """
import os, resource, signal

def observe(step):
    if step == 30:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        size = os.path.getsize("run.h5md")
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
"""
LEAK = """
import resource

kept = []

def observe(step):
    if step == 10:
        with open("/proc/self/statm") as file:
            size = int(file.readline().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + (256 << 20), size + (256 << 20)))
    kept.append(bytearray(32 << 20))
"""
SLEEP = "import time\n\ndef observe(step):\n    time.sleep(0.05)\n"


# In a mount namespace of its own a read-only file system is laid over the folder `there`. Where the
# machine forbids that, a folder that even root cannot write to: /proc makes no files.
READ_ONLY = """
if unshare -rm sh -c 'mount -t tmpfs -o ro none there' 2> none; then
    exec unshare -rm sh -c 'mount -t tmpfs -o ro none there && exec "$@"' sh "$@"
fi
rmdir there && ln -s /proc there && exec "$@"
"""


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_folder_that_takes_no_file(tmp_path, ranks):
    """The error names folder and reason and comes before the first step, on any number of ranks."""
    (tmp_path / "there").mkdir()
    script = SYSTEM + STREAM.replace("run.h5md python ", "there/run.h5md\nthermo 1\nrun 20\n")
    (tmp_path / "in.test").write_text(script)
    done = run(
        ["sh", "-c", READ_ONLY, "sh", *command(ranks)], 60, cwd=tmp_path, env=environment(),
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )  # fmt: skip
    output = done.stdout + done.stderr
    reason = (
        "No such file or directory"
        if (tmp_path / "there").is_symlink()
        else "Read-only file system"
    )
    error = (
        f"there/run.h5md: cannot be written (the folder {tmp_path}/there takes no file: {reason})"
    )
    assert done.returncode != 0
    assert any(line.startswith("ERROR") and error in line for line in output.splitlines()), output
    assert not any(line.split()[:1] == ["Step"] for line in output.splitlines())


def test_a_disk_that_fills(lammps, tmp_path):
    (tmp_path / "full.py").write_text(FULL)
    script = SYSTEM + STREAM + "full:observe snapshot every 1\nrun 1000\n"
    done = lammps(script, np=2, ok=False, timeout=60)
    assert done.returncode != 0
    assert any("run.h5md: cannot be written (File too large)" in line for line in done.errors)
    run = read(tmp_path / "run.h5md")
    assert list(run.step) == list(10 * np.arange(1, len(run) + 1)) and 2 <= len(run) < 100
    assert np.isfinite(run.D).all()


@pytest.mark.parametrize(
    "size, least", [(12, 0), (60, 0), (600, 10)], ids=lambda number: str(number)
)
@pytest.mark.parametrize("ranks", [1, 2])
def test_a_small_file_system_that_fills(tmp_path, ranks, size, least):
    """In a run, and before it: one error with file and reason, and what fitted can be read."""
    (tmp_path / "watch.py").write_text(WATCH)
    stream = STREAM.replace("run.h5md", "there/run.h5md") + "watch:observe snapshot every 1\n"
    (tmp_path / "in.test").write_text(SYSTEM + stream + "run 10000\n")
    done = on_small_disk(tmp_path, size, command(ranks))
    assert done.returncode != 0
    error = "there/run.h5md: cannot be written (No space left on device)"
    assert len(done.errors) == 1 and error in done.errors[0], done.output
    (steps,) = seen(tmp_path).values() or [[]]
    if not steps:  # the file could not even be begun, and none is left
        assert not least and not list(tmp_path.glob("kept/*.h5md*"))
        return
    run = read(tmp_path / "kept/run.h5md")
    assert list(run.step) in (steps, steps[:-1]) and len(run) >= least
    assert np.isfinite(run.D).all() and (run.D[:, 0] == 256).all()
    assert set(run.step[:-1]) <= set(run.snapshots.step if run.snapshots else ())


def test_an_observer_that_leaks(lammps, tmp_path):
    (tmp_path / "leak.py").write_text(LEAK)
    done = lammps(SYSTEM + STREAM + "leak:observe\nrun 1000\n", np=2, ok=False, timeout=60)
    assert done.returncode != 0
    assert any("Python: MemoryError" in line for line in done.errors), done.output
    assert "leak.py" in done.output and "in observe" in done.output  # the traceback says where
    assert 2 <= len(read(tmp_path / "run.h5md")) < 20


def test_an_observer_that_sleeps(lammps, tmp_path):
    """The run waits for it, and the seconds spent in Python say so."""
    (tmp_path / "sleepy.py").write_text(SLEEP)
    script = SYSTEM + STREAM + "sleepy:observe\nthermo_style custom step f_s[5] f_s[7]\nrun 200\n"
    script += 'print "spent $(f_s[7]) over $(f_s[5])"\n'
    done = lammps(script, np=2, timeout=60)
    (line,) = (line for line in done.output.splitlines() if line.startswith("spent"))
    seconds, snapshots = float(line.split()[1]), float(line.split()[3])
    assert snapshots == 20 and 1.0 <= seconds < 20
    assert len(read(tmp_path / "run.h5md")) == 20
