"""examples/al-tension/watched.py: eight small replicas teach, a ninth is watched by what they taught."""

import json
import sys

from dbar.trajectory import read
from harness import ROOT, environment
from patience import run


def test_a_ninth_replica_by_what_eight_taught(tmp_path):
    script = ROOT / "examples/al-tension/watched.py"
    done = run(
        [sys.executable, str(script), "--small", "--folder", str(tmp_path)],
        600, capture_output=True, text=True, env=environment(),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    numbers = json.loads((tmp_path / "out/numbers.json").read_text())
    assert numbers["R2"]["pe"] > 0.95 and numbers["R2"]["pxy"] > 0.9  # the latter from V alone
    assert numbers["inside_90"]["pxx"] > 0.75 and numbers["M_below_2"] > 0.5
    ninth = read(tmp_path / "ninth/09/run.h5md")
    assert "v_nhcp" in ninth.estimates and "v_nhcp" not in ninth.observables
    assert ninth.monitor["state"][0] != 0 and ninth.monitor_config["model"]["learn"] is False
    assert (tmp_path / "out/watched.png").stat().st_size > 20_000
