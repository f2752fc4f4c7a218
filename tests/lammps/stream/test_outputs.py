"""The numbers of the fix: their places, and how restart files carry them from one version to the next."""

import struct

import numpy as np
import pytest

from dbar.trajectory import read
from restarts import AGAIN, MONITOR, START, STREAM, WINDOW

PLACES = {2: "M", 3: "innovation", 4: "tau_pred", 6: "refits", 8: "consecutive",
          9: "change_step", 10: "evidence", 11: "regime"}  # fmt: skip
OUTPUTS, FIRST, FRAME = 11, 7, 10  # today, in the first layout, doubles of a window


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "monitor.toml").write_text(MONITOR)
    return tmp_path


def show(places=range(1, OUTPUTS + 1)):
    return "print 'OUT " + " ".join(f"$(f_s[{k}]:%.17g)" for k in places) + "'\n"


def shown(done):
    lines = [line for line in done.output.splitlines() if line.startswith("OUT ")]
    return [np.array(line.split()[1:], float) for line in lines]


def records(data):
    """Where the records of fix dbar/stream in a restart file begin, and their lengths in bytes."""
    mark, at, found = struct.pack("i", 12) + b"dbar/stream\0", 0, []
    while (at := data.find(mark, at)) >= 0:
        at += len(mark)
        found.append((at + 4, struct.unpack_from("i", data, at)[0]))
    return found[:1]  # the second is that of the sums per atom, without a record


def rewritten(path, change):
    """Give the fix's record in a restart file another content: change(doubles) -> doubles."""
    data = path.read_bytes()
    ((at, size),) = records(data)
    old = np.frombuffer(data[at : at + size], float)
    new = np.asarray(change(old), float).tobytes()
    path.write_bytes(data[: at - 4] + struct.pack("i", len(new)) + new + data[at + size :])


def first_layout(record):
    """The record as it was before it said how long it is."""
    assert list(record[:4]) == [-4, OUTPUTS, 0, 0] and len(record) == 8 + FRAME + OUTPUTS
    window, outputs = record[8 : 8 + FRAME], record[8 + FRAME :]
    return [*record[4:8], *outputs[:FIRST], *window]


def second_layout(record):
    """The record as it was before there were estimates."""
    assert list(record[:4]) == [-4, OUTPUTS, 0, 0]
    return [-2, OUTPUTS, *record[4:]]


def third_layout(record):
    """The record as it was before it had the names that estimates are of."""
    assert list(record[:4]) == [-4, OUTPUTS, 0, 0]
    return [-3, OUTPUTS, 0, *record[4:]]


LAYOUTS = {"first": first_layout, "second": second_layout, "third": third_layout}


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
        lambda record: [-5, *record[1:]],
        lambda record: [record[0], 1000, *record[2:]],
        lambda record: [record[0], 6, *record[2:]],
        lambda record: [record[0], float("nan"), *record[2:]],
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
    assert "outputs, expected at most layout 4 with 11: another version" in done.errors[0]


@pytest.mark.parametrize("count", [-4, 3, 1e300, float("inf"), float("nan")])
def test_a_number_of_estimates_that_cannot_be_is_refused(lammps, folder, count):
    lammps(START + STREAM + "run 37\nwrite_restart r.237\n")
    rewritten(folder / "r.237", lambda record: [*record[:2], count, *record[3:]])
    done = lammps(AGAIN + STREAM + "run 10\n", np=2, ok=False)
    assert len(done.errors) == 1, done.output
    assert "estimates, expected a multiple of 4: it is damaged" in done.errors[0]
