"""The text that goes to Slurm, taken by stand-ins for sbatch and squeue; no job is run."""

import sys

from harness import environment
from patience import run

SBATCH = """#!/bin/sh
for last; do :; done
cat "$last" > "$FAKE/part"
mv "$FAKE/part" "$FAKE/script"
echo 4711
"""
SQUEUE = '#!/bin/sh\necho "4711|someone|x|PENDING|/tmp"\n'
PROGRAM = """
import os, time
from pathlib import Path
from types import SimpleNamespace
from dbar.ensemble.executors import make_executor

settings = SimpleNamespace(executor="slurm", jobs=1, np=4, submit=SUBMIT, retries=1)
make_executor(settings, Path("ensemble").absolute())
while not Path("script").exists():
    time.sleep(0.05)
os._exit(0)
"""


def submitted(folder, submit):
    """Lines of the script that sbatch is given for a table `submit`."""
    (folder / "bin").mkdir()
    for name, text in (("sbatch", SBATCH), ("squeue", SQUEUE)):
        (folder / "bin" / name).write_text(text)
        (folder / "bin" / name).chmod(0o755)
    env = environment({"FAKE": str(folder)})
    env["PATH"] = f"{folder / 'bin'}:{env['PATH']}"
    program = PROGRAM.replace("SUBMIT", repr(submit))
    run([sys.executable, "-c", program], 60, cwd=folder, env=env, check=True)
    return (folder / "script").read_text().splitlines()


def test_text_of_the_submission(tmp_path):
    """Nothing is asked of Slurm but what was said; the last line starts a worker of this Python."""
    *head, empty, program = submitted(tmp_path, {"run_time_max": 3600})
    (place,) = (line for line in head if "--chdir" in line)
    assert place.startswith(f"#SBATCH --chdir={tmp_path}/ensemble/executor/")
    assert [line for line in head if line != place] == [
        "#!/bin/bash",
        "#SBATCH --output=time.out",
        "#SBATCH --job-name=dbar-ensemble",
        "#SBATCH --get-user-env=L",
        "#SBATCH --time=60",
        "#SBATCH --ntasks=4",
    ]
    assert empty == "" and program.startswith(sys.executable)
    assert "executorlib/backend/interactive_serial.py" in program


def test_words_of_the_user_in_the_submission(tmp_path):
    lines = submitted(tmp_path, {"partition": "short", "job_name": "argon", "memory_max": 4})
    for word in ("--partition=short", "--job-name=argon", "--mem=4G", "--ntasks=4"):
        assert f"#SBATCH {word}" in lines
    assert not any("--time" in line or "=None" in line for line in lines)
