"""The text that goes to Slurm, taken by stand-ins for sbatch and squeue; no job is run."""

import subprocess
import sys

from harness import environment

SBATCH = """#!/bin/sh
for last; do :; done
cat "$last" > "$FAKE/script"
echo 4711
"""
SQUEUE = '#!/bin/sh\necho "4711|someone|x|PENDING|/tmp"\n'
PROGRAM = """
import os, time
from pathlib import Path
from types import SimpleNamespace
from dbar.ensemble.executors import make_executor

settings = SimpleNamespace(executor="slurm", jobs=1, np=4, submit={"run_time_max": 3600}, retries=1)
make_executor(settings, Path("ensemble").absolute())
end = time.monotonic() + 30
while not Path("script").exists() or not Path("script").stat().st_size:
    assert time.monotonic() < end
    time.sleep(0.05)
time.sleep(0.5)
os._exit(0)
"""


def test_text_of_the_submission(tmp_path):
    (tmp_path / "bin").mkdir()
    for name, text in (("sbatch", SBATCH), ("squeue", SQUEUE)):
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    env = environment({"FAKE": str(tmp_path)})
    env["PATH"] = f"{tmp_path / 'bin'}:{env['PATH']}"
    subprocess.run([sys.executable, "-c", PROGRAM], cwd=tmp_path, env=env, timeout=60, check=True)
    script = (tmp_path / "script").read_text()
    assert "#SBATCH --ntasks=4\n" in script and "#SBATCH --time=60\n" in script
    assert f"#SBATCH --chdir={tmp_path}/ensemble/executor/" in script
    assert "executorlib/backend/interactive_serial.py" in script and sys.executable in script
