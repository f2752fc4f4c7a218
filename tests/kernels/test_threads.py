"""The threads of the sums: they wait, work together, and hand on what they throw."""

import os
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCES = HERE.parents[1] / "lammps-plugin"


def test_work_and_what_it_throws(tmp_path):
    program = tmp_path / "threads"
    files = [HERE / "threads.cpp", SOURCES / "engine/workers.cpp"]
    compiler = os.environ.get("CXX", "c++")
    subprocess.run(
        [compiler, "-std=c++17", "-O1", "-pthread", f"-I{SOURCES}", *files, "-o", program],
        check=True,
    )
    said = subprocess.run([program], capture_output=True, text=True, check=True, timeout=60).stdout
    assert said.splitlines() == ["3 20000 20000 20000", "part 1", "part 0", "1"]
