"""Errors planted in each module of a sanitized build are reported, where that module really runs.

Not collected by `make test`, whose build has no such errors; `make sanitize` names this file.
"""

import ctypes
import subprocess
import sys

import pytest
from sanitized import options

from crystal import COMPUTE, STREAM, SYSTEM
from dbar import _kernels
from dbar.lammps import plugin_dir
from harness import environment

MODULES = {
    "bindings": _kernels.__file__,
    "plugin": str(plugin_dir() / "libdbar_styles.so"),
    "bridge": str(plugin_dir() / "libdbar_bridge.so"),
}
FAULTS = {
    "overflow": (8, "ERROR: AddressSanitizer: heap-buffer-overflow"),
    "shift": (40, "__ubsan_handle_shift_out_of_bounds"),
}
OBSERVER = """
import ctypes

def observe(step):
    if step == 20:
        ctypes.CDLL({module!r}).dbar_planted_{fault}({i})
"""
HOST = "import watch\nfrom dbar import _kernels\nwatch.observe(20)\nprint('went on')\n"


def plant(folder, module, fault):
    (folder / "watch.py").write_text(
        OBSERVER.format(module=MODULES[module], fault=fault, i=FAULTS[fault][0])
    )


def reported(folder, fault):
    """Whether a report says so, with the place in planted.cpp."""
    reports = [path.read_text() for path in folder.glob("planted.*")]
    return any(FAULTS[fault][1] in report and "planted.cpp:" in report for report in reports)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("module", ["plugin", "bridge"])
def test_lmp_under_mpirun_is_watched(lammps, tmp_path, module, fault):
    plant(tmp_path, module, fault)
    script = SYSTEM + COMPUTE + STREAM + "python watch:observe monitor none\nrun 30\n"
    done = lammps(script, np=2, ok=False, env=options(tmp_path / "planted"))
    assert done.returncode != 0 and not done.errors
    assert reported(tmp_path, fault), done.output


@pytest.mark.parametrize("fault", FAULTS)
def test_a_python_process_is_watched(tmp_path, fault):
    plant(tmp_path, "bindings", fault)
    env = environment(options(tmp_path / "planted"))
    done = subprocess.run([sys.executable, "-c", HOST], cwd=tmp_path, env=env, capture_output=True)
    assert done.returncode != 0 and b"went on" not in done.stdout
    assert reported(tmp_path, fault), done.stderr


def test_what_is_right_is_not_reported():
    """In the process of pytest: a report would fail this test, or end everything."""
    module = ctypes.CDLL(MODULES["bindings"])
    assert module.dbar_planted_overflow(7) == 0
    assert module.dbar_planted_shift(3) == 8
