"""Files that declare more than they hold: refused before anything of that size is asked for."""

import io
import json
import struct
import zipfile
import zlib

import h5py
import numpy as np
import pytest

from dbar.cli import main
from dbar.store import checkpoint, h5md
from dbar.store.h5md import StoreError
from dbar.trajectory import Trajectory, read, write
from dbar.watch import Follower

VALUE = "observables/dbar/D/value"
HEADER = "parameters/dbar/descriptor"
GOOD = {
    "descriptor": {"family": "bso4", "rcut": 4.7, "words": {"twojmax": "2"}}, "units": "metal",
    "nevery": 5, "nrepeat": 5, "nfreq": 100, "dt": 0.002, "observables": ["pe"], "schema": 1,
    "dbar_version": "0.1.0", "size": 7, "virial": False,
}  # fmt: skip


def made(path, parameters=GOOD, rows=5):
    write(path, Trajectory(np.ones((rows, 7)), parameters=parameters))
    return path


def longer(file):
    """As the file of 827 kB that asked for 745 GiB: rows that no chunk was written for."""
    for name in ("value", "step", "time"):
        item = file[f"observables/dbar/D/{name}"]
        item.resize((10**11, *item.shape[1:]))


def wider(file):
    del file[VALUE]
    file.create_dataset(VALUE, (5, 10**10), "f8", chunks=(1, 1024), maxshape=(None, None))


def unwritten(file):
    del file[VALUE]
    file.create_dataset(VALUE, (5, 10**10), "f8")


def packed_twice(file):
    del file[VALUE]
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk((1, 1 << 22))
    for _ in range(3):
        plist.set_deflate(9)
    space = h5py.h5s.create_simple((5, 1 << 22))
    h5py.h5d.create(file.id, VALUE.encode(), h5py.h5t.NATIVE_DOUBLE, space, plist)
    file[VALUE][...] = 0.0


def many_texts(file):
    text = h5py.string_dtype()
    file["observables"].create_group("pe")["value"] = np.ones(5)
    del file["observables/pe/value"]
    file.create_dataset("observables/pe/value", (10**6,), text, chunks=(1000,))


def many_names(file):
    big = file.create_dataset("observables/x0/value", (5, 10**6), "f8", chunks=(1, 10**5))
    for k in range(1, 300):
        file[f"observables/x{k}/value"] = big


def kept_positions(file):
    file["particles/snapshots/position/value"].resize((10**6, 10**6, 3))


@pytest.mark.parametrize(
    "spoil", [longer, wider, unwritten, packed_twice, many_texts, many_names, kept_positions]
)
def test_a_store_that_declares_more_than_it_holds(tmp_path, spoil, capsys):
    path = made(tmp_path / "run.h5md")
    with h5py.File(path, "r+") as file:
        spoil(file)
    expected = r"run.h5md: /\S+ makes it \S+ GiB, .*expected at most"
    with pytest.raises(StoreError, match=expected):
        read(path)
    follower = Follower(path)
    follower.poll()
    assert follower.status == "unreadable" and "GiB" in follower.message
    assert main(["report", str(path), "-o", str(tmp_path / "r.html")]) == 1
    assert "GiB" in capsys.readouterr().err and not (tmp_path / "r.html").exists()


def test_a_store_that_was_packed_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("dbar.store.self_contained._FREE", 0)
    path, rows = made(tmp_path / "run.h5md"), 4 * 10**5
    with h5py.File(path, "r+") as file:
        for name in ("value", "step", "time"):
            old = f"observables/dbar/D/{name}"
            part = (rows, *file[old].shape[1:])
            del file[old]
            file.create_dataset(old, data=np.ones(part), compression="gzip", chunks=True)
    assert rows * 72 > 128 * path.stat().st_size
    assert len(read(path)) == rows


def test_rows_that_were_never_written_are_skipped_at_once(tmp_path):
    path = made(tmp_path / "run.h5md")
    with h5py.File(path, "r+") as file:
        for name in ("value", "step", "time"):
            item = file[f"observables/dbar/D/{name}"]
            item.resize((10**6, *item.shape[1:]))
        assert h5md.committed(file["observables"]) == 5


def archive(arrays=None, compression=zipfile.ZIP_STORED, raw=None):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, value in (arrays or {}).items():
            part = io.BytesIO()
            np.save(part, value)
            file.writestr(f"a:{name}.npy", part.getvalue())
        for name, content in (raw or {}).items():
            file.writestr(f"a:{name}.npy", content)
    payload = buffer.getvalue()
    head = struct.pack("<8sQQQ", b"DBARCKP1", 1, 1, len(payload))
    crc = struct.pack("<I", zlib.crc32(payload, zlib.crc32(head)))
    return np.frombuffer(head + crc + payload, np.uint8)


def npy(shape, dtype="<f8", body=b"\0" * 64):
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text + body


def test_an_archive_as_it_is_written():
    found = checkpoint.unpack(archive({"x": np.arange(3.0), "y": np.array("text"), "z": 7}))
    assert found.arrays["x"].tolist() == [0, 1, 2] and found.arrays["y"] == "text"
    again = checkpoint.unpack(checkpoint.pack(1, 1, {"x": np.zeros((0, 2)), "é": np.array(True)}))
    assert again.arrays["x"].shape == (0, 2) and again.arrays["é"]


@pytest.mark.parametrize(
    "blob",
    [
        archive({"x": np.zeros(10**7)}, zipfile.ZIP_DEFLATED),
        archive(raw={"x": npy((10**12,))}),
        archive(raw={"x": npy((10**12,), "|S0", b"")}),
        archive(raw={"x": npy((7,))}),
        archive(raw={"x": npy((9,))}),
        archive(raw={"x": npy((-8, -1))}),
        archive(raw={"x": npy((8,), "|O")}),
        archive(raw={"x": b""}),
        archive(raw={"x": b"\x93NUMPY\1\0\xff\xff"}),
    ],
    ids=["deflated", "shape", "no width", "short", "long", "below zero", "objects", "empty", "cut"],
)
def test_an_archive_that_declares_more_than_it_holds(blob):
    assert checkpoint.unpack(blob) is None


def put(path, name, content):
    with h5py.File(path, "r+") as file:
        del file[name]
        if isinstance(content, str):
            file.create_dataset(name, data=content, dtype=h5py.string_dtype())
        else:
            file[name] = content


@pytest.mark.parametrize("name", [HEADER, "parameters/dbar/monitor/config"])
@pytest.mark.parametrize(
    "content",
    ["[]", "null", '"x"', "3", "", "[" * 10**5, np.ones(3), 1.0, np.array([b"{}", b"{}"])],
    ids=str,
)
def test_a_header_that_is_no_object(tmp_path, name, content):
    path = made(tmp_path / "run.h5md")
    put(path, name, content)
    with pytest.raises(StoreError, match=f"run.h5md: .*{name} .*JSON"):
        read(path)


@pytest.mark.parametrize("value", [{}, [], None, "x", 3, True], ids=str)
@pytest.mark.parametrize("key", [*GOOD, "words", "rcut", "masses", "observe", "seldom"])
def test_a_value_of_another_kind_in_the_header(tmp_path, key, value, capsys):
    """Read as what it may be, or one error that names file and key, by every command."""
    parameters = json.loads(json.dumps(GOOD))
    (parameters["descriptor"] if key in ("words", "rcut") else parameters)[key] = value
    path = made(tmp_path / "run.h5md")
    put(path, HEADER, json.dumps(parameters))
    try:
        read(path)
    except StoreError as error:
        assert "run.h5md: " in str(error) and f"{key}: found {value!r}, exp" in str(error)
    main(["report", str(path), "-o", str(tmp_path / "r.html")])
    main(["watch", str(path), "--once"])
    main(["fit", str(path), str(made(tmp_path / "b.h5md")), "-o", str(tmp_path / "model.h5")])
    capsys.readouterr()


def test_a_time_that_is_none_and_times_that_are_all_the_same(tmp_path, capsys):
    path = made(tmp_path / "run.h5md", rows=40)
    with h5py.File(path, "r+") as file:
        file["observables/dbar/D/time"][...] = 0.0
        group = file.create_group("observables/lx")
        group["step"], group["time"] = (file[f"observables/dbar/D/{k}"] for k in ("step", "time"))
        group["value"] = np.linspace(10, 12, 40)
    assert main(["report", str(path), "-o", str(tmp_path / "r.html")]) == 0
    with h5py.File(path, "r+") as file:
        file["observables/dbar/D/time"][7] = np.nan
    with pytest.raises(
        StoreError, match=r"run.h5md: time of snapshot 8: found nan, expected a fin"
    ):
        read(path)
    capsys.readouterr()
