"""Every run waits for these imports: what takes long to import comes only where it is asked for."""

import subprocess
import sys

HEAVY = ("sklearn", "pandas", "matplotlib", "scipy", "ase", "ovito")


def test_a_plain_stream_imports_nothing_heavy():
    code = f"import sys, dbar.stream; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
