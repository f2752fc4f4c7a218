"""The numbers of the fix: their places, and how restart files carry them from one version to the next."""

import struct

import numpy as np
import pytest

from dbar.trajectory import read
from harness import run_lammps
from restarts import AGAIN, MONITOR, START, STREAM, WINDOW, record_in, rewritten

PLACES = {2: "M", 3: "innovation", 4: "tau_pred", 6: "refits", 8: "consecutive",
          9: "change_step", 10: "evidence", 11: "regime"}  # fmt: skip
OUTPUTS, FIRST, FRAME = 11, 7, 10  # today, in the first layout, doubles of a window then


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "monitor.toml").write_text(MONITOR)
    return tmp_path


def show(places=range(1, OUTPUTS + 1)):
    return "print 'OUT " + " ".join(f"$(f_s[{k}]:%.17g)" for k in places) + "'\n"


def shown(done):
    lines = [line for line in done.output.splitlines() if line.startswith("OUT ")]
    return [np.array(line.split()[1:], float) for line in lines]


def rewritten_atoms(path, change):
    """Give the fix's records of atoms another content of the same length: change(atom, doubles) -> doubles."""
    data, found, at = bytearray(path.read_bytes()), 0, 0
    mark = struct.pack("d", 18.0)  # 11 numbers of an atom, and the fix's
    while (at := data.find(mark, at)) >= 0:
        if len(data) >= at + 144 and struct.unpack_from("d", data, at + 88)[0] == 7.0:
            numbers = np.frombuffer(data, float, 18, at)
            struct.pack_into("7d", data, at + 88, *change(found, numbers[11:].copy()))
            found += 1
        at += 8
    assert found == 256
    path.write_bytes(data)


def older(record):
    """Steps, window and outputs as records had them before windows knew which axes are periodic."""
    assert list(record[:5]) == [-6, record.nbytes, OUTPUTS, 0, 0]
    steps, window, outputs = record[5:9], record[9:22], record[22:-1]
    assert len(outputs) == OUTPUTS and list(window[FRAME:]) == [1, 1, 1]
    return steps, window[:FRAME], outputs


def older_atom(samples):
    """A function that gives an atom the record that it had when sums were those of flagged images."""

    def change(atom, numbers):
        flags = np.array([atom % 3, -1, 2])
        return [4, *(numbers[1:4] + samples * flags), 3, 0, 0]  # as if another fix had the rest

    return change


def first_layout(record):
    """The record as it was before it said which layout it is."""
    steps, window, outputs = older(record)
    return [*steps, *outputs[:FIRST], *window]


def second_layout(record):
    """The record as it was before there were estimates."""
    steps, window, outputs = older(record)
    return [-2, OUTPUTS, *steps, *window, *outputs]


def third_layout(record):
    """The record as it was before it had the names that estimates are of."""
    steps, window, outputs = older(record)
    return [-3, OUTPUTS, 0, *steps, *window, *outputs]


def fourth_layout(record):
    """The record as it was before it said how long it is; estimates of before are not read."""
    steps, window, outputs = older(record)
    return [-4, OUTPUTS, 4, 3, *steps, *window, *outputs, 1, 2, 3, 4]


def fifth_layout(record):
    """The record as it was before it ended with a check number."""
    return [-5, record.nbytes - 8, *record[2:-1]]


LAYOUTS = {
    "first": first_layout,
    "second": second_layout,
    "third": third_layout,
    "fourth": fourth_layout,
    "fifth": fifth_layout,
}


def test_places_are_those_of_the_columns(lammps, folder):
    (folder / "look.py").write_text("def look(step):\n    return 2 if step > 150 else 1\n")
    done = lammps(START + STREAM + f"run 237\n{show()}", np=2)
    (out,), run = shown(done), read(folder / "run.h5md")
    assert len(run) == 23 and out[4] == 23 and out[6] > 0.0
    assert out[0] == run.monitor["state"][-1]
    for place, name in PLACES.items():
        assert out[place - 1] == pytest.approx(run.monitor[name][-1], rel=1e-14), name
    with_python = STREAM.replace("run.h5md", "own.h5md").rstrip() + " python look:look\n"
    done = lammps(START + with_python + f"run 237\n{show()}", np=2)
    assert list(shown(done)[0][[0, 7]]) == [2, 8]
    states = read(folder / "own.h5md").monitor["consecutive"]
    assert list(states) == [*range(1, 16), *range(1, 9)]


def test_before_the_first_snapshot(lammps, folder):
    done = lammps(START + STREAM + show() + "run 5\n" + show(range(1, 7)), np=2)
    before, after = shown(done)
    assert list(before) == [0, 0, 0, 0, 0, 0, 0, 0, -1, 0, 0] and not after.any()
    done = lammps(START + STREAM + show([OUTPUTS + 1]), ok=False)
    assert len(done.errors) == 1 and "accessed out-of-range" in done.errors[0]


@pytest.mark.parametrize("layout", ["present", *LAYOUTS])
def test_outputs_and_window_come_out_of_a_restart_file(lammps, folder, layout):
    first = lammps(START + WINDOW + f"run 237\nwrite_restart r.237\n{show()}run 63\n", np=2)
    undisturbed = read(folder / "run.h5md")
    if layout != "present":
        rewritten(folder / "r.237", LAYOUTS[layout])
        rewritten_atoms(folder / "r.237", older_atom(2))
    again = lammps(AGAIN + WINDOW + show() + "run 63\n", np=2)
    before, after = shown(first)[0], shown(again)[0]
    known = FIRST if layout == "first" else OUTPUTS
    assert list(after[:known]) == list(before[:known])
    assert list(after[known:]) == [0, -1, 0, 0][known - FIRST :]
    continued = read(folder / "run.h5md")  # the window that was in flight ends at step 250
    assert list(continued.step) == list(undisturbed.step)
    np.testing.assert_allclose(continued.D, undisturbed.D, rtol=1e-8)


@pytest.mark.parametrize(
    "change",
    [
        lambda record: [-7, *record[1:]],
        lambda record: [*record[:2], 1000, *record[3:]],
        lambda record: [*record[:2], 6, *record[3:]],
        lambda record: [*record[:2], float("nan"), *record[3:]],
        lambda record: [float("nan"), *record[1:]],
    ],
    ids=["newer layout", "more outputs", "too few", "no number of outputs", "no layout"],
)
@pytest.mark.parametrize("ranks", [1, 2])
def test_a_record_that_is_not_known_is_refused(lammps, folder, change, ranks):
    lammps(START + STREAM + "run 37\nwrite_restart r.237\n")
    rewritten(folder / "r.237", change)
    done = lammps(AGAIN + STREAM + "run 10\n", np=ranks, ok=False)
    assert len(done.errors) == 1, done.output
    assert "Fix dbar/stream: fix s in the restart file has layout " in done.errors[0]
    assert "outputs, expected at most layout 6 with 11: another version" in done.errors[0]


@pytest.mark.parametrize("count", [-4, 3, 1e300, float("inf"), float("nan")])
def test_a_number_of_estimates_that_cannot_be_is_refused(lammps, folder, count):
    lammps(START + STREAM + "run 37\nwrite_restart r.237\n")
    rewritten(folder / "r.237", lambda record: [*record[:3], count, *record[4:]])
    done = lammps(AGAIN + STREAM + "run 10\n", np=2, ok=False)
    assert len(done.errors) == 1, done.output
    assert "estimates, expected a multiple of 4: it is damaged" in done.errors[0]


DAMAGED = {
    "another length": lambda record: [record[0], record[1] + 8, *record[2:]],
    "no length": lambda record: [record[0], float("nan"), *record[2:]],
    "names that are not there": lambda record: [*record[:4], 8, *record[5:]],
    "estimates that are not there": lambda record: [*record[:3], 8, *record[4:]],
    "more samples than a window has": lambda record: [*record[:9], 6, *record[10:]],
    "no number of samples": lambda record: [*record[:9], float("nan"), *record[10:]],
    "nothing": lambda record: [record[0], *[0] * 8],
}


@pytest.fixture(scope="module")
def restart_file(tmp_path_factory):
    """Bytes of one, written inside a window."""
    there = tmp_path_factory.mktemp("restart")
    (there / "monitor.toml").write_text(MONITOR)
    run_lammps(there, START + WINDOW + "run 37\nwrite_restart r.237\n")
    return (there / "r.237").read_bytes()


@pytest.mark.parametrize("change", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_record_is_refused(lammps, folder, restart_file, change):
    """It says how long it is, and by that its numbers must fit to each other."""
    (folder / "r.237").write_bytes(restart_file)
    rewritten(folder / "r.237", change)
    done = lammps(AGAIN + WINDOW, np=2, ok=False)
    assert len(done.errors) == 1, done.output
    assert "Fix dbar/stream: fix s in the restart file has " in done.errors[0]


def test_a_file_that_ends_in_a_record_is_an_error(lammps, folder, restart_file):
    at, size = record_in(restart_file, "dbar/stream")
    (folder / "r.237").write_bytes(restart_file[: at + size // 2])
    done = lammps(AGAIN + WINDOW, np=2, ok=False)
    assert done.returncode != 0 and len(done.errors) == 1, done.output


@pytest.mark.parametrize("ranks", [1, 2])
def test_records_of_atoms_that_are_not_known_are_refused(lammps, folder, restart_file, ranks):
    """One of 256 atoms has such a record: on one rank alone."""
    (folder / "r.237").write_bytes(restart_file)
    rewritten_atoms(folder / "r.237", lambda k, old: [5, *old[1:5], 2, 0] if k == 3 else old)
    done = lammps(AGAIN + WINDOW + "run 10\n", np=ranks, ok=False)
    assert len(done.errors) == 1, done.output
    assert "fix s in the restart file has 5 numbers for an atom, expected 7" in done.errors[0]
