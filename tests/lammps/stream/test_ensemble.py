"""`-partition` worlds with `ensemble yes`: one model for all, and no world that blocks another.

Oracle: the model of each world equals one fit, by plain numpy, to the snapshots of all files.
"""

import re
import time

import numpy as np
import pytest

from blocks import ARGON
from dbar.files.filelock import is_locked
from dbar.online import MonitorConfig, merge
from dbar.online.replica_file import read_statistics
from dbar.trajectory import read
from dbar.trust.change import GAP
from harness import OLD_LAMMPS
from patience import wait_for
from shared_runs import batch_model, batch_moments, same_model, stored_monitor, stored_runs

SYSTEM = ARGON + "fix move all nve\n"
WORLDS = {4: "variable w world 0 1 2 3\n", 2: "variable w world 0 1\n"}
VELOCITY = "velocity all create 60.0 471${w}\n"
COMPUTE = "compute d all dbar bso4 6.0 twojmax 2\n"
STREAM = (
    "fix s all dbar/stream 2 2 10 d store run.${w}.h5md monitor monitor.toml ensemble yes"
    " thermo none\n"
)
# an alarm would begin a regime, which is not the subject here
MONITOR = "min_snapshots = 12\nlatent_dim = 3\nn_bags = 8\ncoverage = 0.5\nfalse_alarm = 1e-30\n"
START = SYSTEM + VELOCITY + COMPUTE + STREAM


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "monitor.toml").write_text(MONITOR)
    return tmp_path


def schedule(worlds, least=12, growth=0.1, upto=200):
    """Transitions at which a world of an ensemble refits: the rule of the page, counted by hand."""
    due = [-(-least // worlds)]
    while due[-1] < upto:
        n = due[-1] + 1
        while n < due[-1] * (1.0 + growth):
            n += 1
        due.append(n)
    return due


def check_models(folder, worlds, complete=None):
    """Each world's model is the batch fit of what it says it has seen."""
    paths = [folder / f"run.{w}.h5md" for w in range(worlds)]
    runs = stored_runs(paths)
    assert sorted(runs) == list(range(worlds))
    everything = {r: len(X) - 1 - GAP for r, (_, X) in runs.items()}
    X = np.concatenate([X for _, X in runs.values()])
    monitors = [stored_monitor(path) for path in paths]
    for w, monitor in enumerate(monitors):
        assert monitor.config.replica == w
        if not complete and not monitor.refits:
            assert monitor.pooled == {}  # it ended before there was enough to learn from
            continue
        assert w in monitor.pooled
        if complete:
            assert monitor.pooled == everything
        same_model(monitor.model, batch_model(runs, monitor.pooled, monitor.config), X)
    if complete:
        moments, model = merge(paths)
        whole = {r: n + GAP for r, n in everything.items()}  # nothing is in question any more
        assert moments.count[0] == sum(whole.values())
        same_model(model, batch_model(runs, whole, monitors[0].config), X)
    return monitors


def test_four_worlds_learn_one_model(lammps, folder):
    """They wait for each other, so every refit sees all; the last one is at the last snapshot."""
    (folder / "monitor.toml").write_text(MONITOR + "ensemble_wait = 600\n")
    last = schedule(4)[14]
    done = lammps(
        WORLDS[4] + START + f"run {10 * (last + 1 + GAP)}\n", np=4, args=("-partition", "4x1")
    )
    monitors = check_models(folder, 4, complete=True)
    assert len({m.refits for m in monitors}) == 1
    first = [np.flatnonzero(read(folder / f"run.{w}.h5md").monitor["refits"])[0] for w in range(4)]
    assert first == [3 + GAP] * 4  # 3 transitions each are 12 together
    assert "s.ensemble: replica 2 learns from 4 of 4 replicas" in done.output


def test_worlds_that_do_not_wait_and_end_at_different_times(lammps, folder):
    """One ends early, one halts; each model is the fit of what it had seen by then."""
    script = WORLDS[4] + START + (
        "variable n world 60 400 300 400\n"
        "if '${w} == 2' then 'variable late equal step>150' 'fix stop all halt 10 v_late == 1 error continue'\n"
        "run ${n}\n"
    )  # fmt: skip
    lammps(script, np=4, args=("-partition", "4x1"))
    assert [len(read(folder / f"run.{w}.h5md")) for w in range(4)] == [6, 40, 16, 40]
    check_models(folder, 4)


def test_two_worlds_of_two_ranks(lammps, folder):
    (folder / "monitor.toml").write_text(MONITOR + "ensemble_wait = 600\n")
    steps = 10 * (schedule(2)[2] + 1 + GAP)
    lammps(WORLDS[2] + START + f"run {steps}\n", np=4, args=("-partition", "2x2"))
    monitors = check_models(folder, 2, complete=True)
    assert [m.refits for m in monitors] == [3, 3]


def test_restart(lammps, folder):
    """Restarted worlds go on with their own and their partners' statistics; nothing twice."""
    (folder / "monitor.toml").write_text(MONITOR + "ensemble_wait = 600\n")
    args, start = ("-partition", "2x1"), time.monotonic()
    lammps(WORLDS[2] + START + "run 155\nwrite_restart r.${w}\nrun 60\n", np=2, args=args)
    again = (
        "units metal\nread_restart r.${w}\npair_style lj/cut 6.5\npair_coeff 1 1 0.01032 3.405\n"
        "timestep 0.004\nfix move all nve\n"
    )
    steps = 10 * (schedule(2)[12] + 1 + GAP) - 155
    lammps(WORLDS[2] + again + COMPUTE + STREAM + f"run {steps}\n", np=2, args=args)
    assert list(read(folder / "run.1.h5md").step) == list(range(10, 156 + steps, 10))
    # no wait ran out: a partner of this launch is never taken for one of the launch before
    assert time.monotonic() - start < 600
    check_models(folder, 2, complete=True)


def until_unlocked(paths):
    """Wait until nobody writes the stores."""
    for path in paths:
        wait_for(lambda: not is_locked(path), f"the writer of {path}", 30)  # noqa: B023


def test_error_in_one_world(lammps, folder):
    """LAMMPS ends all worlds at once; all that was stored until then can be read and merged."""
    slow = "if '${w} == 1' then 'variable n equal 200' else 'variable n equal 100000'\nrun ${n}\n"
    # until the other worlds have begun for certain
    stores = " ".join(f"-s run.{w}.h5md -a" for w in range(4))
    (folder / "wait.sh").write_text(f"until [ {stores} 1 ]; do sleep 0.1; done; sleep 1\n")
    wait = "if '${w} == 1' then 'shell sh wait.sh'\n"
    script = WORLDS[4] + START + slow + wait + "run nonsense\n"
    done = lammps(script, np=4, args=("-partition", "4x1"), ok=False)
    assert done.returncode != 0  # what MPICH says of the abort may get lost
    if not OLD_LAMMPS:  # LAMMPS of 2024 ends without writing out what it has said
        assert "nonsense" in (folder / "log.lammps.1").read_text()
    paths = [folder / f"run.{w}.h5md" for w in range(4)]
    until_unlocked(paths)  # mpirun may return before all that it has killed are gone
    runs = stored_runs(paths)
    assert len(runs[1][0]) == 20 and all(0 < len(runs[w][0]) < 10000 for w in (0, 2, 3))
    moments, model = merge(paths)
    seen = {r: len(X) - 1 for r, (_, X) in runs.items()}
    assert moments.count[0] == sum(seen.values())
    config = MonitorConfig.load(read(paths[0]).monitor_config)
    same_model(model, batch_model(runs, seen, config), runs[1][1])
    # and what was published is whole
    checked = set()
    for path in (folder / "s.ensemble").glob("*.stat"):
        note, found = read_statistics(path)
        if note.transitions > seen[note.replica]:
            continue  # published just before the snapshot was stored
        checked.add(note.replica)
        expected = batch_moments(runs, {note.replica: note.transitions}, config)
        np.testing.assert_allclose(found.mean, expected.mean, rtol=1e-10)
    assert checked == {0, 1, 2, 3}


def test_other_settings_in_the_same_folder(lammps, folder):
    lammps(SYSTEM + "variable w equal 0\n" + VELOCITY + COMPUTE + STREAM + "run 200\n")
    other = STREAM.replace("run.${w}", "other.${w}")
    wider = COMPUTE.replace("twojmax 2", "twojmax 4")
    script = SYSTEM + "variable w equal 0\n" + VELOCITY + wider + other + "run 200\n"
    done = lammps(script, ok=False)
    expected = "was made with descriptor setting twojmax 2, this run has 4"
    assert any(expected in line for line in done.errors), done.output[-3000:]


def test_one_world_is_as_without(lammps, folder):
    one = SYSTEM + "variable w equal 0\n" + VELOCITY + COMPUTE
    lammps(one + STREAM + "run 400\n")
    lammps(one + STREAM.replace("run.", "alone.").replace("ensemble yes", "") + "run 400\n")
    shared, alone = (read(folder / f"{name}.0.h5md") for name in ("run", "alone"))
    for name in ("state", "M", "bound", "innovation", "tau_pred", "refits"):
        np.testing.assert_allclose(
            shared.monitor[name], alone.monitor[name], rtol=1e-9, atol=1e-12, err_msg=name
        )
    # the same script again: what was there is kept aside and not learnt from
    done = lammps(one + STREAM + "run 400\n")
    assert (
        len(re.findall(r"replica-0\.[01]\.stat: is of an earlier run; kept as", done.output)) == 2
    )
    assert stored_monitor(folder / "run.0.h5md").pooled == {0: schedule(1)[8]}
    # another run with a number of its own learns from it
    (folder / "monitor.toml").write_text(MONITOR + "replica = 1\n")
    lammps(one + STREAM.replace("run.", "next.") + f"run {100 + 10 * GAP}\n")
    assert stored_monitor(folder / "next.0.h5md").pooled == {0: 31, 1: 9}
    assert read(folder / "next.0.h5md").monitor["refits"][6 + GAP] == 1  # 6 = 12 / 2 of its own


def test_waiting_is_never_longer_than_asked(lammps, folder):
    """World 1 makes no snapshot for a long time: world 0 waits once, 2 s, and goes on."""
    (folder / "monitor.toml").write_text(MONITOR + "ensemble_wait = 2\n")
    script = WORLDS[2] + SYSTEM + VELOCITY + "if '${w} == 1' then 'jump SELF end'\n"
    script += COMPUTE + STREAM + "run 400\nprint 'PYTHON $(f_s[7])'\nlabel end\n"
    done = lammps(script, np=2, args=("-partition", "2x1"), timeout=60)
    log = (folder / "log.lammps.0").read_text()
    seconds = float(re.search(r"PYTHON ([\d.]+)", log)[1])
    assert 2.0 < seconds < 20.0
    assert stored_monitor(folder / "run.0.h5md").pooled.keys() == {0}
    assert done.returncode == 0
