"""Fewer threads than asked for, see threads_refused.cpp."""

import os
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCES = HERE.parents[1] / "lammps-plugin"


def test_threads_that_the_system_does_not_give(tmp_path):
    program = tmp_path / "refused"
    files = [HERE / "threads_refused.cpp", SOURCES / "engine/workers.cpp"]
    flags = ["-std=c++17", "-O1", "-pthread", "-rdynamic", f"-I{SOURCES}"]
    compiler = os.environ.get("CXX", "c++")
    subprocess.run([compiler, *flags, *files, "-ldl", "-o", program], check=True)
    done = subprocess.run([program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "told\n"), done.stderr
