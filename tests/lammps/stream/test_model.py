"""What `dbar fit` made, in a real run: it judges and estimates from the first snapshot, or is refused."""

import re
import shutil

import h5py
import numpy as np
import pytest

from blocks import ARGON
from dbar.cli import main
from dbar.study import load
from dbar.trajectory import read, tensor_to_voigt
from harness import run_lammps

SYSTEM = (
    ARGON
    + """velocity all create 60.0 {seed}
fix move all nvt temp 30 30 0.5
run 200
reset_timestep 0
compute coord all coord/atom cutoff 4.7
variable twelve atom c_coord==12
compute twelve all reduce sum v_twelve
variable n12 equal c_twelve
compute d all dbar bso4 6.0 twojmax 4 virial yes
"""
)
STORED = "temp pe press pxx pyy pzz pxy pxz pyz vol"
STREAM = "fix s all dbar/stream 2 2 10 d "
SEEN = ["pe", "press", "pxy", "v_n12:extensive"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Model of four runs, which knew the atoms with twelve neighbours; a fifth run is judged."""
    folder = tmp_path_factory.mktemp("model")
    for k in range(1, 5):
        words = f"store run{k}.h5md monitor none thermo 11 {STORED} v_n12\n"
        run_lammps(folder, SYSTEM.format(seed=4711 + k) + STREAM + words + "run 800\n")
    seen = [part for word in [*SEEN, "pxx", "pyy", "pzz", "pxz", "pyz"]
            for part in ("--observable", word)]  # fmt: skip
    files = [str(folder / f"run{k}.h5md") for k in range(1, 5)]
    assert main(["fit", *files, "-o", str(folder / "model.h5"), "--order", "1", "--dimension", "4",
                 "--monitor", str(folder / "watch.toml"), *seen]) == 0  # fmt: skip
    return folder


@pytest.fixture
def folder(model, tmp_path):
    for name in ("model.h5", "watch.toml"):
        shutil.copyfile(model / name, tmp_path / name)
    return tmp_path


def shown(done, prefix="OUT "):
    rows = [line.split()[1:] for line in done.output.splitlines() if line.startswith(prefix)]
    return np.array(rows, float)


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_fifth_run_is_judged_and_read(folder, ranks):
    """It computes no neighbours; afterwards they are counted, on the same path."""
    words = "model model.h5 monitor watch.toml observe 3 pe pxy v_n12 ahead 0.2 store run.h5md\n"
    loop = "run 800 every 10 \"print 'OUT $(f_s) $(f_s[2]) $(f_s[12]) $(f_s[16]) $(f_s[20])"
    loop += " $(f_s[22]) $(f_s[23]) $(v_n12)'\"\n"
    done = run_lammps(folder, SYSTEM.format(seed=99) + STREAM + words + loop, np=ranks)
    out, run, (fitted, _) = shown(done), read(folder / "run.h5md"), load(folder / "model.h5")
    assert len(out) == len(run) == 80 and (out[:, 0] > 0).all()
    # printed with six digits and more
    np.testing.assert_allclose(out[:, 1], run.monitor["M"], rtol=1e-5)
    np.testing.assert_allclose(out[:, 2], run.estimates["pe"][:, 0], rtol=1e-5)
    np.testing.assert_allclose(out[:, 5], run.estimates["v_n12"][:, 2], rtol=1e-5)
    np.testing.assert_allclose(run.monitor["M"], fitted.score(run.D), rtol=1e-6)
    mean, _ = fitted.estimate(run.D, tensor_to_voigt(run.V), run.observables["vol"])
    for name in ("pe", "pxy", "v_n12"):
        k = fitted.names.index(name)
        np.testing.assert_allclose(run.estimates[name][:, 0], mean[:, k], rtol=1e-8, err_msg=name)
    off = run.estimates["pxy"][:, 0] - run.observables["pxy"]
    # D alone is blind to it; what is left is the kinetic part, which V does not know
    assert off.std() < 0.5 * run.observables["pxy"].std()
    inside = np.mean(np.abs(out[:, 4] - out[:, 7]) < 1.645 * run.estimates["v_n12"][:, 1])
    ahead = np.mean(np.abs(out[:-5, 5] - out[5:, 7]) < out[:-5, 6])
    print(f"n12 inside {inside:.2f}, 0.2 ps ahead {ahead:.2f}")
    assert inside > 0.75 and ahead > 0.7


def test_restart_in_mid_run_continues_bit_for_bit(folder):
    words = "model model.h5 learn observe 2 pe v_n12 thermo 2 temp pe store {}.h5md\n"
    start = SYSTEM.format(seed=98)
    whole = start + STREAM + words.format("whole") + "run 253\nwrite_restart r\nrun 247\n"
    run_lammps(folder, whole, np=2)
    run_lammps(folder, start + STREAM + words.format("run") + "run 253\n", np=2)
    again = "read_restart r\npair_style lj/cut 6.5\npair_coeff 1 1 0.01032 3.405\n"
    again += "fix move all nvt temp 30 30 0.5\ncompute d all dbar bso4 6.0 twojmax 4 virial yes\n"
    run_lammps(folder, again + STREAM + words.format("run") + "run 247\n", np=2)
    one, two = read(folder / "whole.h5md"), read(folder / "run.h5md")
    assert len(one) == len(two) == 50
    # the dynamics of the second LAMMPS is that of the first to rounding only: up to there bit for bit
    for name in ("pe", "v_n12"):
        np.testing.assert_array_equal(one.estimates[name][:25], two.estimates[name][:25])
        np.testing.assert_allclose(one.estimates[name], two.estimates[name], rtol=1e-5)


def test_atoms_that_come_and_go(folder):
    """Atoms evaporate: estimates of what grows with the system stay right per atom."""
    more = "region top block INF INF INF INF 2.4 INF\nfix gone all evaporate 20 1 top 55\n"
    words = "observe 2 pe vol monitor none store run.h5md lost ignore\n"
    run_lammps(folder, SYSTEM.format(seed=97) + more + STREAM + words + "run 800\n", np=2)
    run = read(folder / "run.h5md")
    assert run.D[-1, 0] < run.D[0, 0] - 20
    off = (run.estimates["pe"][40:, 0] - run.observables["pe"][40:]) / run.D[40:, 0]
    inside = np.mean(np.abs(off) < 1.645 * run.estimates["pe"][40:, 1] / run.D[40:, 0])
    print(f"pe per atom off by {off.std():.2g}, inside {inside:.2f}")
    spread = (run.observables["pe"] / run.D[:, 0])[40:].std()
    assert off.std() < 0.3 * spread and inside > 0.75


def test_worlds_share_what_they_learn(folder):
    """Two worlds of seven snapshots each have an estimate that one of them alone has not."""
    script = (
        "variable w world 0 1\n" + SYSTEM.format(seed="47${w}")
        + STREAM + "ensemble yes observe 1 pe store run.${w}.h5md monitor few.toml\n"
        "run 600\n"
    )  # fmt: skip
    (folder / "few.toml").write_text("min_snapshots = 12\nensemble_wait = 20.0\n")
    run_lammps(folder, script, np=2, args=["-partition", "2x1"])
    stored = [read(folder / f"run.{w}.h5md") for w in (0, 1)]
    known = [np.flatnonzero(np.isfinite(run.estimates["pe"][:, 0])) for run in stored]
    # after six transitions of each there is a model of both, that of eight snapshots late
    print([int(k[0]) for k in known])
    both = [part for run in stored for part in (run.D, run.observables["pe"])]
    assert all(len(part) == 60 for part in both)
    off = [r.estimates["pe"][30:, 0] - r.observables["pe"][30:] for r in stored]
    spread = np.std(stored[0].observables["pe"])
    assert all(part.std() < spread for part in off)
    published = list((folder / "s.ensemble").glob("*.stat"))
    assert len(published) == 4


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("model nothere.h5", "nothere.h5: no such file, expected a model made by `dbar fit`"),
        ("model cut.h5", "cut.h5: truncated or corrupt"),
        ("model newer.h5", "newer.h5: schema 99"),
        ("model run1.h5md", "run1.h5md: is a run \\(H5MD\\)"),
        (
            "model model.h5 observe 1 hcp",
            "observe hcp: expected one of the quantities that the run",
        ),
        ("model model.h5 reference 50", "reference 50: .* there is nothing to freeze"),
        (
            "model model.h5 monitor other.toml",
            "was made with order 1, but monitor setting order = 2",
        ),
        ("observe 1 v_n12", "observe v_n12: expected one of the quantities that the run stores"),
        ("observe 1 pe ahead 0.07", "ahead 0.07: expected a multiple of 0.04"),
    ],
)
def test_one_error_says_what_is_wrong(model, folder, ranks, words, says):
    shutil.copyfile(model / "run1.h5md", folder / "run1.h5md")
    (folder / "cut.h5").write_bytes((model / "model.h5").read_bytes()[:6000])
    shutil.copyfile(model / "model.h5", folder / "newer.h5")
    with h5py.File(folder / "newer.h5", "r+") as file:
        file.attrs["schema"] = 99
    (folder / "other.toml").write_text("order = 2\n")
    refused(folder, SYSTEM.format(seed=96) + STREAM + words + "\nrun 20\n", ranks, says)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("twojmax 4", "twojmax 2"), "was made with descriptor setting twojmax 4, this run has 2"),
        (("bso4 6.0", "bso4 6.2"), "was made with descriptor setting rcut 6"),
        (("2 2 10 d", "2 2 20 d"), "was made with a snapshot every 0.04 ps, this run has 0.08 ps"),
        (("2 2 10 d", "2 3 10 d"), "was made with samples in an average 2, this run has 3"),
        (("2 2 10 d", "5 2 10 d"), "was made with samples every 0.008 ps, this run has 0.02 ps"),
        (("timestep 0.004", "timestep 0.002"), "was made with a snapshot every 0.04 ps, this run"),
        (("39.95", "83.8"), r"was made with species of masses \[39.95\], this run has \[83.8\]"),
        (
            ("block 0 3 0 3 0 3", "block 0 4 0 3 0 3"),
            "was made with 108 to 108 atoms, this run has",
        ),
    ],
)
def test_what_does_not_fit_is_refused(folder, change, says):
    script = SYSTEM.format(seed=95) + STREAM + "model model.h5\nrun 20\n"
    assert change[0] in script
    refused(folder, script.replace(*change), 2, says)


def test_other_units_are_refused(folder):
    script = (
        SYSTEM.format(seed=95).replace("units metal", "units real") + STREAM + "model model.h5\n"
    )
    refused(folder, script + "run 20\n", 2, "was made with units metal, this run has real")


def refused(folder, script, ranks, says):
    """What is refused does not depend on how warm the crystal is."""
    done = run_lammps(folder, script.replace("run 200\n", ""), np=ranks, ok=False)
    assert done.returncode != 0 and len(done.errors) == 1, done.output
    assert re.search(says, done.errors[0]), done.errors[0]
