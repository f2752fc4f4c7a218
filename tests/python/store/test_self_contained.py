"""A file from somebody else: nothing of the reader's other files is read, nothing is unpickled."""

import shutil
import struct
import zlib

import h5py
import numpy as np
import pytest

from dbar.store import checkpoint
from dbar.store.h5md import StoreError
from dbar.trajectory import Trajectory, read, write
from dbar.watch import Follower

VALUE = "observables/dbar/D/value"


def external_values(file, other):
    file[VALUE.rpartition("/")[0]].create_dataset("value", (5, 3), "f8", external=[(other, 0, 120)])


def external_link(file, other):
    file[VALUE] = h5py.ExternalLink(other, VALUE)


def virtual_values(file, other):
    layout = h5py.VirtualLayout((5, 3), "f8")
    layout[:] = h5py.VirtualSource(other, VALUE, (5, 3))
    file.create_virtual_dataset(VALUE, layout)


@pytest.mark.parametrize("put", [external_values, external_link, virtual_values])
def test_data_in_another_file(tmp_path, put):
    path, other = tmp_path / "run.h5md", tmp_path / "other"
    write(path, Trajectory(np.ones((5, 3))))
    shutil.copy(path, other)
    with h5py.File(path, "r+") as file:
        del file[VALUE]
        put(file, str(other))
    with h5py.File(path) as file:
        assert file[VALUE].shape == (5, 3)  # HDF5 itself would read it
    with pytest.raises(StoreError, match=rf"run.h5md: /{VALUE} .*expected a file that holds all"):
        read(path)
    follower = Follower(path)
    follower.poll()
    assert follower.status == "unreadable" and VALUE in follower.message


def test_links_inside_of_the_file(tmp_path):
    """Soft links and groups that hold themselves do no harm."""
    path = tmp_path / "run.h5md"
    write(path, Trajectory(np.ones((5, 3))))
    with h5py.File(path, "r+") as file:
        file["mine"] = file["/"]
        file.move(VALUE, "mine/values")
        file[VALUE] = h5py.SoftLink("/values")
    assert np.array_equal(read(path).D, np.ones((5, 3)))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"not a zip",
        b"PK\5\6" + bytes(18),
        b"\x93NUMPY\1\0\x76\0{'descr': '<f8', 'fortran_order'",
    ],
)
def test_a_checkpoint_that_is_no_archive(payload):
    """Its check sum holds, as anybody can compute one."""
    head = struct.pack("<8sQQQ", b"DBARCKP1", 1, 1, len(payload))
    crc = struct.pack("<I", zlib.crc32(payload, zlib.crc32(head)))
    found = checkpoint.unpack(np.frombuffer(head + crc + payload, np.uint8))
    assert found is None or found.arrays == {}
