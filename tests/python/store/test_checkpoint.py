"""Checkpoints of the monitor: exact, never pickled, and a torn one is noticed."""

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbar.store import Store, checkpoint
from dbar.store.rows import Header
from streams import fill, header, kill_copy, settings, stream


def test_checkpoint_round_trip():
    arrays = {"a": np.arange(6.0).reshape(2, 3), "file": np.array(["x", "yz"]), "n": 3, "b": True}
    found = checkpoint.unpack(checkpoint.pack(7, 40, arrays))
    assert (found.sequence, found.snapshots) == (7, 40)
    assert list(found.arrays) == list(arrays)
    for name, value in arrays.items():
        assert np.array_equal(found.arrays[name], value)
        assert found.arrays[name].dtype == np.asarray(value).dtype


def test_checkpoint_may_lie_in_a_longer_slot():
    blob = checkpoint.pack(1, 2, {"a": np.arange(3)})
    longer = np.concatenate([blob, np.full(500, 77, np.uint8)])
    assert np.array_equal(checkpoint.unpack(longer).arrays["a"], [0, 1, 2])


def test_checkpoint_refuses_what_would_be_pickled():
    with pytest.raises(TypeError, match="monitor state 'a' has dtype object, expected plain data"):
        checkpoint.pack(1, 1, {"a": np.array([{}, 1], dtype=object)})


@given(st.integers(0, 10**6), st.integers(1, 255))
def test_any_changed_byte_of_a_checkpoint_is_noticed(place, change):
    blob = checkpoint.pack(3, 50, {"a": np.arange(40.0)}).copy()
    blob[place % len(blob)] ^= change
    assert checkpoint.unpack(blob) is None


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_no_checkpoint(raw):
    assert checkpoint.unpack(np.frombuffer(raw, np.uint8)) is None


def test_torn_checkpoint_the_older_slot_counts(tmp_path):
    path = tmp_path / "run.h5md"
    store = Store(path, header())
    fill(store, stream(30), checkpoint_every=10)
    store.close()

    def newest():
        again = Store(path, header(), step=10**9, restarted=True, say=lambda line: None)
        again.close()
        return again.checkpoint_read

    assert newest().snapshots == 30
    for slot, left in (("slot1", 20), ("slot0", None)):  # 3rd checkpoint is in slot 1
        with h5py.File(path, "r+") as file:
            data = file[f"parameters/dbar/monitor/{slot}"]
            data[data.shape[0] // 2 :] = 0
        found = newest()
        assert (found.snapshots if found else None) == left


def test_checkpoints_later_than_the_step_do_not_count(tmp_path):
    path = tmp_path / "run.h5md"
    store = Store(path, header())
    rows = stream(30)
    fill(store, rows, checkpoint_every=10)
    kill_copy(store, tmp_path / "a.h5md")
    kill_copy(store, tmp_path / "b.h5md")
    store.close()
    for name, step, expected in (("a.h5md", rows[24][0], 20), ("b.h5md", rows[14][0], None)):
        again = Store(tmp_path / name, header(), step, restarted=True, say=lambda line: None)
        found = again.checkpoint_read
        again.close()
        assert (found.snapshots if found else None) == expected


def test_other_monitor_settings_void_the_checkpoints(tmp_path):
    path, said = tmp_path / "run.h5md", []
    store = Store(path, header())
    fill(store, stream(10), checkpoint_every=10)
    store.close()
    other = Header.from_settings(settings(), {"seed": 1})
    again = Store(path, other, step=10**9, restarted=True, say=said.append)
    again.close()
    assert again.checkpoint_read is None and again.snapshots == 10
    assert any("the monitor's settings changed" in line for line in said)
