"""`make sanitize`: tests of the kernels and the plugin, both built with the sanitizers of gcc.

``python tests/sanitizer/sanitized.py [arguments of pytest]``, with the Python that has a build of dbar with
``-DDBAR_SANITIZE=ON``. The sanitizers are preloaded into every process (pytest, mpirun, lmp, host scripts),
because the programs that load the plugin are not built with them. What they find is kept under
``build/sanitize/reports``, fails the test in which it appears and, whatever the tests say, the whole.
"""

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REPORTS = ROOT / "build/sanitize/reports"
TESTS = ["tests/sanitizer/planted.py", "tests/kernels", "tests/lammps"]

# Tests that cannot hold in such a process, and why.
LEFT_OUT = {
    "tests/kernels/test_sanitizers.py": "builds the kernels with the sanitizers by itself",
    "tests/kernels/test_new_family.py": "GNU make, which builds it, reads beyond its own memory",
    "tests/lammps/runtime/test_one_error.py::test_a_limit_of_the_system": (
        "limits the address space, of which the sanitizers need more than there is"
    ),
    "tests/lammps/stream/test_windows.py::test_pre_no_after_a_minimization_alone": (
        "LAMMPS uses members of Verlet that no run has set, before it comes to us"
    ),
}


def preloaded():
    """Libraries to preload, those that dbar is linked with: sanitizers first, then libstdc++.

    Without the last one the sanitizers find no exceptions to intercept in a program written in C.
    """
    module = find_spec("dbar._kernels").origin
    linked = subprocess.run(["ldd", module], capture_output=True, text=True, check=True).stdout
    found = [
        re.search(rf"{name}\S* => (\S+)", linked) for name in ("libasan", "libubsan", "libstdc")
    ]
    if not all(found):
        sys.exit(f"{module}: expected a build with -DDBAR_SANITIZE=ON by gcc, found {linked}")
    return ":".join(library[1] for library in found)


def options(log):
    """ASAN_OPTIONS and UBSAN_OPTIONS with which an error ends the process and is told in `log`.PID.

    The second sanitizer writes to stderr whatever it is told, if the first one is in the process, and
    calls abort(): its finding becomes a report of the first one, an ABRT below ``__ubsan_handle_...``.
    """
    both = f"log_path={log}:abort_on_error=1:print_stacktrace=1"
    address = (
        "detect_leaks=0"  # LAMMPS, MPICH and CPython leave much to the end of the process
        ":verify_asan_link_order=0:handle_abort=1:allocator_may_return_null=1"
        ":detect_stack_use_after_return=1:strict_string_checks=1:print_cmdline=1"
    )
    return {"ASAN_OPTIONS": f"{both}:{address}", "UBSAN_OPTIONS": f"{both}:halt_on_error=1"}


class Reports:
    """Plugin of pytest: reports that are new after a test fail it."""

    def __init__(self):
        self.seen = set()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self):
        result = yield
        new = set(REPORTS.iterdir()) - self.seen
        self.seen |= new
        if new:
            pytest.fail("\n".join(path.read_text() for path in sorted(new)), pytrace=False)
        return result


def main(args):
    """Start pytest with the sanitizers in it; its exit status, or 1 if there are reports."""
    if "libasan" in os.environ.get("LD_PRELOAD", ""):
        words = [word for test in LEFT_OUT for word in ("--deselect", test)]
        if not any((ROOT / arg.partition("::")[0]).exists() for arg in args):
            words += TESTS
        # pytest's own handler of signals would replace that of the sanitizers
        return pytest.main(["-p", "no:faulthandler", *words, *args], plugins=[Reports()])
    shutil.rmtree(REPORTS, ignore_errors=True)
    REPORTS.mkdir(parents=True)
    env = {
        "LD_PRELOAD": preloaded(),
        "PYTHONMALLOC": "malloc",  # what Python allocates is watched, too
        "DBAR_PATIENCE": "10",
        "PLUMED_LOAD_NODEEPBIND": "1",  # such a library would not see the sanitizers' malloc
        **options(REPORTS / "report"),
    }
    code = subprocess.run(
        [sys.executable, __file__, *args], cwd=ROOT, env={**os.environ, **env}
    ).returncode
    for test, reason in LEFT_OUT.items():
        print(f"left out: {test}: {reason}")
    found = sorted(REPORTS.iterdir())
    for path in found:
        print(f"\n{path}:\n{path.read_text(errors='replace')}")
    print(f"{len(found)} reports of the sanitizers in {REPORTS}")
    return code or bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
