"""The store of a running simulation: continuing, and every way it can be unusable."""

import os
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from dbar.store import Store
from dbar.store.h5md import StoreError
from dbar.trajectory import read
from streams import BOX, MONITOR, PERIODIC, fill, header, kill_copy, stream

# ---- continuing ------------------------------------------------------------------------------


@pytest.mark.parametrize("closed", [True, False])
def test_continue_drops_what_will_come_again(tmp_path, closed):
    rows, said = stream(40), []
    whole, path = tmp_path / "whole.h5md", tmp_path / "run.h5md"
    store = Store(whole, header())
    fill(store, rows, keep=4)
    store.close()
    store = Store(tmp_path / "first.h5md", header())
    fill(store, rows[:20], keep=4)
    if closed:
        store.close()
    kill_copy(store, path)
    store.close()

    again = Store(path, header(), step=rows[12][0] + 50, restarted=True, say=said.append)
    assert again.snapshots == 13 and again.last_step == rows[12][0]
    assert list(again.kept_steps()) == [row[0] for row in rows[3:13:4]]
    for n in range(13, 40):
        step, now, D, V, thermo = rows[n]
        again.append(step, now, D, V, thermo, MONITOR)
        if (n + 1) % 4 == 0:
            again.keep(
                step, now, np.arange(1, 5), np.ones(4, int), np.full((4, 3), step), BOX, PERIODIC
            )
    again.close()
    assert said == [
        f"{path}: 7 snapshots later than step 1350 dropped",
        f"{path}: continued after 13 snapshots",
    ]
    one, other = read(whole), read(path)
    for name in ("D", "V", "time", "step"):
        assert np.array_equal(getattr(one, name), getattr(other, name))
    for name in one.monitor:
        assert np.array_equal(one.monitor[name], other.monitor[name])
    for name in ("step", "time", "position", "id", "species", "edges", "origin"):
        assert np.array_equal(getattr(one.snapshots, name), getattr(other.snapshots, name))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["first.h5md", "run.h5md", "whole.h5md"]


def test_rows_that_are_on_disk_do_not_stay_in_memory(tmp_path):
    """HDF5 may keep 64 kB per dataset, whatever was written; its own default of 1 MB fills slowly."""
    store = Store(tmp_path / "run.h5md", header())
    fill(store, stream(10))
    kept = []
    store._file.visititems(
        lambda _, x: (
            kept.append(x.id.get_access_plist().get_chunk_cache()[1])
            if isinstance(x, h5py.Dataset) and x.chunks
            else None
        )
    )
    # datasets that are open share the cache of the one that writes
    writing = [d.id.get_access_plist().get_chunk_cache()[1] for d in (*store._columns, store._step)]
    store.close()
    assert len(kept) > 10 and max(*kept, *writing) <= 1 << 16


def test_a_second_run_in_one_folder_is_continued_without_a_restart_file(tmp_path):
    path, rows = tmp_path / "run.h5md", stream(10)
    store = Store(path, header())
    fill(store, rows[:6])
    store.close()
    again = Store(path, header(), step=rows[5][0], say=lambda line: None)
    fill(again, rows[6:])
    again.close()
    assert np.array_equal(read(path).step, [row[0] for row in rows])


def test_every_fresh_run_keeps_the_old_file(tmp_path):
    """Numbered, oldest first; what has such a name already stays as it is."""
    path, rows, said = tmp_path / "run.h5md", stream(10), []
    others = [tmp_path / f"run.h5md{end}" for end in (".bak", ".part", ".bck.1", ".bck.x")]
    for other in others:
        other.write_text("mine")
    for count in (8, 7, 6, 5):
        store = Store(path, header(), step=0, say=said.append)
        fill(store, rows[:count])
        store.close()
    assert said == [
        f"{path}: all {count} snapshots are at or after step 0; kept as run.h5md.bck.{n}, a new "
        "store begins"
        for count, n in ((8, 2), (7, 3), (6, 4))
    ]
    for end, count in (("", 5), (".bck.2", 8), (".bck.3", 7), (".bck.4", 6)):
        assert len(read(f"{path}{end}")) == count
    assert all(other.read_text() == "mine" for other in others)


def test_an_empty_store_is_no_backup(tmp_path):
    """The third run of a script whose second one failed before its first snapshot."""
    path = tmp_path / "run.h5md"
    for count in (8, 0, 3):
        store = Store(path, header(), step=0, say=lambda line: None)
        fill(store, stream(count))
        store.close()
    assert len(read(path)) == 3 and len(read(tmp_path / "run.h5md.bck.0")) == 8
    assert len(list(tmp_path.iterdir())) == 2


def test_a_store_behind_a_link(tmp_path):
    """The link stays a link, the lock is that of the file, and the backup lies beside the file."""
    (tmp_path / "scratch").mkdir()
    path, real = tmp_path / "run.h5md", tmp_path / "scratch" / "data.h5md"
    path.symlink_to(real)
    for count in (4, 3):
        store = Store(path, header(), step=0, say=lambda line: None)
        with pytest.raises(StoreError, match="is being written by"):
            Store(real, header())
        fill(store, stream(count))
        store.close()
    assert path.is_symlink() and len(read(real)) == 3
    assert len(read(tmp_path / "scratch" / "data.h5md.bck.0")) == 4


def test_a_lock_file_that_is_none(tmp_path):
    path, precious = tmp_path / "run.h5md", tmp_path / "precious"
    precious.write_text("mine")
    (tmp_path / "run.h5md.lock").symlink_to(precious)
    with pytest.raises(
        StoreError, match=r"run.h5md: cannot be written \(.*run.h5md.lock: is a sym"
    ):
        Store(path, header())
    assert precious.read_text() == "mine" and not path.exists()


def test_a_restart_whose_store_has_gone_says_so(tmp_path):
    said = []
    Store(tmp_path / "run.h5md", header(), step=500, restarted=True, say=said.append).close()
    assert said == [
        f"{tmp_path / 'run.h5md'}: not found although the run was restarted; a new store begins"
    ]


def test_steps_must_increase(tmp_path):
    store = Store(tmp_path / "run.h5md", header())
    rows = stream(2)
    fill(store, rows)
    with pytest.raises(StoreError, match=r"snapshot at step 200 after step 200; steps .* increase"):
        fill(store, rows[1:])
    store.close()


def test_number_of_atoms_may_change(tmp_path):
    store = Store(tmp_path / "run.h5md", header(natoms=3))
    for step, atoms in ((100, 3), (200, 5), (300, 2)):
        ids = np.arange(atoms, 0, -1)
        store.keep(
            step, 0.1, ids, ids % 2 + 1, np.full((atoms, 3), 1.0) * ids[:, None], BOX, PERIODIC
        )
    store.close()
    with h5py.File(tmp_path / "run.h5md") as file:
        group = file["particles/snapshots"]
        assert group["id/value"][...].tolist() == [
            [1, 2, 3, 0, 0],
            [1, 2, 3, 4, 5],
            [1, 2, 0, 0, 0],
        ]
        x = group["position/value"][..., 0]
        assert np.isnan(x[0, 3:]).all() and x[1].tolist() == [1, 2, 3, 4, 5]
        assert np.isnan(x[2, 2:]).all() and group["species/value"][0].tolist() == [2, 1, 2, 0, 0]


# ---- errors ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "name", "stored", "wanted"),
    [
        ({"descriptor": {"family": "bso4", "rcut": 5.0, "words": {"twojmax": "2"}}},
         "descriptor setting rcut", "4.7", "5"),
        ({"descriptor": {"family": "bso4", "rcut": 4.7, "words": {"twojmax": "8"}}},
         "descriptor setting twojmax", "2", "8"),
        ({"size": 56}, "size", "7", "56"),
        ({"virial": False}, "virial", "yes", "no"),
        ({"units": "real"}, "units", "metal", "real"),
        ({"dt": 0.001}, "dt", "0.002", "0.001"),
        ({"nfreq": 50}, "nfreq", "100", "50"),
        ({"nrepeat": 4}, "nrepeat", "5", "4"),
        ({"thermo": ["temp"]}, "observables", "[temp pe pxx lx]", "[temp]"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("step", [0, 10**6])
def test_other_settings_are_an_error_that_names_them(tmp_path, changes, name, stored, wanted, step):
    path = tmp_path / "run.h5md"
    store = Store(path, header())
    fill(store, stream(3))
    store.close()
    before = path.read_bytes()
    with pytest.raises(StoreError) as caught:
        Store(path, header(**changes), step=step)
    assert str(caught.value) == (
        f"{path}: was made with {name} {stored}, this run has {wanted}; "
        "choose another file name or move it away"
    )
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["run.h5md"]


@pytest.mark.parametrize(
    ("stored", "wanted", "fits"),
    [
        ([1.0, 2.5], [1.0, 2.5], True),
        ([1.0, 2.5], [1.0, 3.0], False),
        ([1.0, 2.5], None, True),  # each atom has its own
        (None, [1.0, 2.5], True),  # or the file is older than the setting
    ],
)
def test_masses_are_compared_where_both_have_them(tmp_path, stored, wanted, fits):
    path = tmp_path / "run.h5md"
    store = Store(path, header(masses=stored))
    fill(store, stream(3))
    store.close()
    if fits:
        Store(path, header(masses=wanted), step=10**6, say=[].append).close()
        return
    with pytest.raises(StoreError, match=r"was made with masses \[1 2.5\], this run has \[1 3\]"):
        Store(path, header(masses=wanted), step=10**6, say=[].append)


def test_unusable_places(tmp_path):
    (tmp_path / "folder.h5md").mkdir()
    cases = {
        tmp_path / "none" / "a.h5md": f"the folder {tmp_path / 'none'} does not exist",
        tmp_path / "folder.h5md": "is a folder, expected the name of a file",
        Path("/proc/a.h5md"): "cannot be written",
    }
    for path, message in cases.items():
        with pytest.raises(StoreError) as caught:
            Store(path, header())
        assert str(caught.value).startswith(f"{path}: ") and message in str(caught.value)
    assert [p.name for p in tmp_path.iterdir()] == ["folder.h5md"]


def test_truncated_store(tmp_path):
    path = tmp_path / "run.h5md"
    store = Store(path, header())
    fill(store, stream(20), keep=2)
    raw = path.read_bytes()
    store.close()
    for content, message in ((raw[: len(raw) // 2], "truncated or corrupt"), (b"", "not an HDF5")):
        path.write_bytes(content)
        start = time.process_time()
        with pytest.raises(StoreError, match=message) as caught:
            Store(path, header(), step=10**6, restarted=True)
        assert str(path) in str(caught.value) and time.process_time() - start < 5.0
        assert path.read_bytes() == content
    assert [p.name for p in tmp_path.iterdir()] == ["run.h5md"]


def test_two_writers_of_one_file(tmp_path):
    path = tmp_path / "run.h5md"
    store = Store(path, header())
    with pytest.raises(StoreError, match=f"is being written by process {os.getpid()} on "):
        Store(path, header())
    store.close()
    store.close()
    Store(path, header(), step=0, say=lambda line: None).close()
