"""Reading and writing H5MD; the layout is checked with bare h5py, not with our own reader."""

import json

import h5py
import numpy as np
import pytest

from dbar.store import Store, units
from dbar.store.columns import MONITOR_FIELDS
from dbar.store.h5md import StoreError
from dbar.stream import Session
from dbar.trajectory import Trajectory, read, tensor_to_voigt, trajectory, voigt_to_tensor, write
from streams import SIZE, THERMO, feed, header, settings, stream


@pytest.fixture
def run(tmp_path):
    """A closed file of a watched run, and its rows."""
    rows = stream(60)
    session = Session(settings(store=str(tmp_path / "run.h5md"), snapshot=["every", 10]))
    feed(session, rows)
    session.close()
    return tmp_path / "run.h5md", rows


def test_voigt_order_is_that_of_lammps():
    v = np.arange(12.0).reshape(2, 6)
    pairs = [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)]  # xx yy zz xy xz yz
    expected = np.zeros((2, 3, 3))
    for k, (a, b) in enumerate(pairs):
        expected[:, a, b] = expected[:, b, a] = v[:, k]
    assert np.array_equal(voigt_to_tensor(v), expected)
    assert np.array_equal(tensor_to_voigt(expected), v)


def test_read_gives_what_was_streamed(run):
    path, rows = run
    traj = read(path)
    assert traj.D.shape == (60, SIZE) and traj.V.shape == (60, SIZE, 3, 3)
    assert np.array_equal(traj.step, [row[0] for row in rows])
    assert np.array_equal(traj.time, [row[1] for row in rows])
    assert np.array_equal(traj.D, [row[2] for row in rows])
    assert np.array_equal(traj.V, voigt_to_tensor(np.array([row[3] for row in rows])))
    for k, name in enumerate(THERMO):
        assert np.array_equal(traj.observables[name], [row[4][k] for row in rows])
    assert traj.units == "metal" and traj.parameters["descriptor"]["rcut"] == 4.7
    assert np.array_equal(traj.snapshots.step, traj.step[9::10])
    assert np.array_equal(traj.snapshots.id, np.tile([1, 2, 3, 4], (6, 1)))
    expected = traj.snapshots.step[:, None, None] + np.outer([1, 2, 3, 4], [0.1, 0.2, 0.3])
    assert np.array_equal(traj.snapshots.position, expected)
    cell = [[10, 0, 0], [0.5, 11, 0], [0.25, 0.125, 12]]
    assert np.array_equal(traj.snapshots.edges[0], cell)
    assert np.array_equal(traj.snapshots.origin[0], [0, 1, 2])


@pytest.mark.parametrize("kept", [0, 1, 35, 59, 60])
def test_read_what_is_new(run, kept):
    """All arrays are the rows of the whole file whose step is later."""
    whole = read(run[0])
    step = whole.step[kept - 1] if kept else whole.step[0] - 1
    part = read(run[0], after=step)
    assert np.array_equal(part.step, whole.step[kept:]) and len(part) == 60 - kept
    for name in ("D", "V", "time"):
        assert np.array_equal(getattr(part, name), getattr(whole, name)[kept:])
    for name, column in {**whole.observables, **whole.monitor}.items():
        assert np.array_equal({**part.observables, **part.monitor}[name], column[kept:])
    late = whole.snapshots.step > step
    if not late.any():
        assert part.snapshots is None
        return
    for name in ("step", "time", "position", "id", "species", "edges", "origin"):
        assert np.array_equal(getattr(part.snapshots, name), getattr(whole.snapshots, name)[late])


def test_file_is_valid_h5md(run):
    path, rows = run
    with h5py.File(path, "r") as file:
        assert list(file["h5md"].attrs["version"]) == [1, 1]
        assert file["h5md/author"].attrs["name"]
        assert file["h5md/creator"].attrs["name"] == "dbar"
        assert file["h5md/creator"].attrs["version"]
        for group in ("D", "V", *MONITOR_FIELDS):
            element = file["observables/dbar"][group]
            assert set(element) == {"step", "time", "value"}
            assert len(element["step"]) == len(element["time"]) == len(element["value"]) == 60
            assert element["time"].attrs["unit"] == "ps"
        assert file["observables/pxx/value"].attrs["unit"] == "bar"
        assert file["observables/lx/value"].attrs["unit"] == "angstrom"
        assert file["observables/pe/value"].attrs["unit"] == "eV"
        assert np.array_equal(file["observables/dbar/V/value"][3], rows[3][3])
        box = file["particles/snapshots/box"]
        assert box.attrs["dimension"] == 3
        assert list(box.attrs["boundary"]) == [b"periodic"] * 3
        assert file["particles/snapshots/position/value"].shape == (6, 4, 3)
        for part in ("position", "id", "species", "box/edges"):
            assert set(file["particles/snapshots"][part]) == {"step", "time", "value"}
        stored = json.loads(file["parameters/dbar/descriptor"].asstr()[()])
        assert stored["descriptor"]["words"] == {"twojmax": "2"}
        assert stored["lammps_version"] == "22 Jul 2025" and stored["units"] == "metal"


def test_write_then_read_is_the_identity(run, tmp_path):
    traj = read(run[0])
    traj.snapshots.position[0, 2:] = np.nan
    write(tmp_path / "copy.h5md", traj)
    again = read(tmp_path / "copy.h5md")
    for name in ("D", "V", "time", "step"):
        assert np.array_equal(getattr(again, name), getattr(traj, name))
    for name in ("observables", "monitor"):
        before, after = getattr(traj, name), getattr(again, name)
        assert list(sorted(before)) == list(sorted(after))
        assert all(np.array_equal(before[k], after[k], equal_nan=True) for k in before)
    for name in ("step", "time", "position", "id", "species", "edges", "origin"):
        before, after = getattr(traj.snapshots, name), getattr(again.snapshots, name)
        assert np.array_equal(before, after, equal_nan=True)
    assert again.parameters == traj.parameters and again.monitor_config == traj.monitor_config


def test_write_the_least(tmp_path):
    write(tmp_path / "d.h5md", Trajectory(D=np.arange(6.0).reshape(3, 2)))
    traj = read(tmp_path / "d.h5md")
    assert traj.V is None and traj.snapshots is None and not traj.monitor
    assert np.array_equal(traj.D, np.arange(6.0).reshape(3, 2))
    assert np.array_equal(traj.step, [0, 1, 2])


def test_write_errors_leave_nothing_behind(tmp_path):
    traj = Trajectory(D=np.zeros((2, 2)))
    with pytest.raises(StoreError, match=r"nowhere/a.h5md: cannot be written"):
        write(tmp_path / "nowhere" / "a.h5md", traj)
    traj.parameters = {"units": "imperial"}
    with pytest.raises(ValueError, match="'imperial' is unknown; expected one of cgs"):
        write(tmp_path / "a.h5md", traj)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"D": np.zeros(3)}, r"D has shape \(3,\), expected \(T, K\+1\)"),
        ({"D": np.zeros((2, 3)), "V": np.zeros((2, 3, 6))}, r"V has shape \(2, 3, 6\), expected"),
        ({"D": np.zeros((2, 3)), "time": np.zeros(3)}, r"time has shape \(3,\), expected \(2,\)"),
        ({"D": np.zeros((2, 3)), "observables": {"pe": [1.0]}}, r"pe has shape \(1,\)"),
    ],
)
def test_trajectory_checks_shapes(fields, message):
    with pytest.raises(ValueError, match=message):
        Trajectory(**fields)


def test_reading_errors_name_the_file_and_the_reason(run, tmp_path):
    def message(path):
        with pytest.raises(StoreError) as caught:
            read(path)
        assert path.name in str(caught.value)
        return str(caught.value)

    assert "no such file" in message(tmp_path / "none.h5md")
    assert "is a folder" in message(tmp_path)
    text = tmp_path / "log.lammps"
    text.write_text("LAMMPS (22 Jul 2025)\n")
    assert "not an HDF5 file (21 bytes" in message(text)
    empty = tmp_path / "empty.h5md"
    empty.write_bytes(b"")
    assert "not an HDF5 file (0 bytes" in message(empty)
    foreign = tmp_path / "foreign.h5"
    with h5py.File(foreign, "w") as file:
        file["x"] = 1.0
    assert "holds no h5md" in message(foreign)
    half = tmp_path / "half.h5md"
    half.write_bytes(run[0].read_bytes()[: run[0].stat().st_size // 2])
    assert "truncated" in message(half)


def test_a_file_cut_anywhere_is_an_error_or_a_true_beginning(run, tmp_path):
    whole, raw = read(run[0]), run[0].read_bytes()
    cut = tmp_path / "cut.h5md"
    rng = np.random.default_rng(5)
    for size in rng.integers(9, len(raw), 40):
        cut.write_bytes(raw[:size])
        try:
            traj = read(cut)
        except StoreError as error:
            assert "cut.h5md" in str(error)
        else:
            assert np.array_equal(traj.D, whole.D[: len(traj)])


def test_damaged_bytes_never_raise_anything_else(run, tmp_path):
    raw = run[0].read_bytes()
    broken = tmp_path / "broken.h5md"
    rng = np.random.default_rng(6)
    for start in rng.integers(8, len(raw) - 64, 40):
        broken.write_bytes(raw[:start] + rng.bytes(64) + raw[start + 64 :])
        try:
            trajectory.read(broken)
        except StoreError as error:
            assert "broken.h5md" in str(error)


def test_a_file_of_a_newer_schema_is_refused_and_left_alone(run, tmp_path):
    """By whoever reads it, and by a run that would continue it."""
    path = tmp_path / "newer.h5md"
    path.write_bytes(run[0].read_bytes())
    with h5py.File(path, "r+", libver="latest") as file:
        file["parameters/dbar"].attrs["schema"] = 2
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"newer.h5md: has schema 2, .* reads up to 1"):
        read(path)
    with pytest.raises(StoreError, match=r"newer.h5md: has schema 2"):
        Store(path, header(), step=10**6, restarted=True)
    assert path.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir() if "newer" in p.name) == ["newer.h5md"]


def test_units():
    assert units.unit_of("pxx", "real") == "atm"
    assert units.unit_of("vol", "metal") == "angstrom3"
    assert units.unit_of("temp", "lj") == units.unit_of("v_mine", "metal") == ""
    assert units.pressure_in_gpa("lj") is None
    # 1 GPa = 1e9 N/m2, from the definitions of the styles' base units
    sizes = {"metal": 1e5, "real": 101325.0, "si": 1.0, "cgs": 0.1, "electron": 1.0}
    sizes |= {"micro": 1e-15 / 1e-6 / 1e-12, "nano": 1e-21 / 1e-9 / 1e-18}
    for style, pascal in sizes.items():
        assert units.pressure_in_gpa(style) == pytest.approx(pascal / 1e9, rel=1e-12)
    with pytest.raises(ValueError, match="unit style 'furlong' is unknown"):
        units.unit_style("furlong")
