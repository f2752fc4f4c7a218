"""Chunks of a stored run: read when they are indexed, in pieces, and written again."""

import numpy as np
import pytest

from dbar.store import Header, Store, StoreError
from dbar.trajectory import Chunks, Trajectory, read, read_runs, write
from dbar.trajectory import chunks as module
from streams import MONITOR, SIZE, settings, stream

GRID = (1, 2, 2)


def chunk_rows(row):
    share = np.random.default_rng(row[0]).dirichlet(np.ones(4))[:, None]
    return np.hstack([share * row[2], (share[..., None] * row[3]).reshape(4, -1)])


@pytest.fixture
def stored(tmp_path):
    """A store of 30 snapshots of 4 chunks, and all of its D (30, 4, K+1)."""
    chunk = {"id": "cc", "style": "chunk/atom", "count": 4, "grid": list(GRID)}
    store = Store(
        tmp_path / "run.h5md", Header.from_settings(settings(chunk=chunk), {}), say=[].append
    )
    rows = stream(30)
    for row in rows:
        store.append(*row, MONITOR, chunks=chunk_rows(row))
    store.close()
    return store.path, np.array([chunk_rows(row)[:, :SIZE] for row in rows])


KEYS = [
    3, -1, np.int64(2), slice(None), slice(5, 20), slice(20, 5), slice(-4, None), slice(1, 28, 3),
    (slice(None), 2), (4, 1), (slice(3, 9), slice(1, 3)), (slice(None), slice(None), 0),
    (5, slice(None), 2), (5, 1, 2), (slice(2, 4), 1, slice(0, 3)), (Ellipsis,), (slice(40, 50),),
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_indexed_like_an_array(stored, key):
    path, D = stored
    rows = read(path).chunks.D
    if key == (Ellipsis,):
        with pytest.raises(IndexError, match="found ellipsis as an index of stored chunks"):
            rows[key]
        return
    np.testing.assert_array_equal(rows[key], D[key])
    assert rows[key].shape == D[key].shape


def test_wrong_indices(stored):
    rows = read(stored[0]).chunks.D
    for key in ([1, 2], None, 1.0, True, np.array([True])):
        with pytest.raises(IndexError, match=r"as an index of stored chunks, expected integers"):
            rows[key]
    with pytest.raises(IndexError, match="step -1 of stored chunks, expected one above 0"):
        rows[::-1]
    for key in (30, (0, 4), -31):
        with pytest.raises(IndexError):
            rows[key]


def test_nothing_is_read_before_it_is_asked_for(stored, monkeypatch):
    path, D = stored
    opened = []
    true = module.reading
    monkeypatch.setattr(module, "reading", lambda *a: opened.append(1) or true(*a))
    run = read(path)
    assert run.chunks.D.shape == D.shape and run.chunks.V.shape == (*D.shape, 3, 3)
    assert len(run.chunks) == 30 and run.chunks.count == 4 and run.chunks.grid == GRID
    assert not opened
    np.testing.assert_array_equal(run.chunks.D, D)
    assert len(opened) == 1


def test_later_snapshots_alone(stored):
    path, D = stored
    run = read(path, after=1500)
    assert len(run) == len(run.chunks) == 15
    np.testing.assert_array_equal(run.chunks.D[2:4], D[17:19])
    assert len(read(path, after=3000).chunks.D[:]) == 0
    part = read_runs([path], first=2.0, last=4.6)  # times are 0.2 of the number of the snapshot
    assert len(part.runs[0]) == 14
    np.testing.assert_array_equal(part.runs[0].chunks.D[:], D[9:23])


def test_a_file_that_went_on_or_began_anew(stored, tmp_path):
    path, D = stored
    run = read(path)
    header = Header.from_settings(settings(chunk=run.parameters["chunk"]), {})
    store = Store(path, header, step=2000, restarted=True, say=[].append)
    store.append(*stream(21)[-1], MONITOR, chunks=chunk_rows(stream(21)[-1]))
    store.close()
    with pytest.raises(StoreError, match=r"snapshot 30 is no longer that of step 3000: a run has"):
        run.chunks.D[0]
    np.testing.assert_array_equal(read(path).chunks.D[:20], D[:20])


def test_written_again(stored, tmp_path, monkeypatch):
    path, D = stored
    run = read(path)
    monkeypatch.setattr(module, "_BLOCK", 8 * 4 * SIZE * 7)
    assert len(run.chunks.blocks()) == 5
    write(tmp_path / "again.h5md", run)
    again = read(tmp_path / "again.h5md")
    np.testing.assert_array_equal(again.chunks.D, D)
    np.testing.assert_array_equal(again.chunks.V, run.chunks.V)
    assert again.parameters == run.parameters and again.chunks.grid == GRID
    run.chunks = None
    write(tmp_path / "none.h5md", run)
    assert read(tmp_path / "none.h5md").chunks is None


def test_of_arrays(tmp_path):
    D = np.ones((5, 4, 3))
    run = Trajectory(D.sum(axis=1), chunks=Chunks(D, grid=(2, 2, 1)))
    write(tmp_path / "run.h5md", run)
    found = read(tmp_path / "run.h5md").chunks
    assert found.grid == (2, 2, 1) and found.record["count"] == 4
    np.testing.assert_array_equal(found.D, D)
    for wrong, says in (
        ({"D": D[0]}, "D of chunks has shape"),
        ({"D": D, "V": D}, "V of chunks has shape"),
        ({"D": D, "grid": (2, 2, 2)}, "grid 2 x 2 x 2 of 4 chunks"),
    ):
        with pytest.raises(ValueError, match=says):
            Chunks(**wrong)
    with pytest.raises(ValueError, match="D of chunks has shape"):
        Trajectory(np.ones((4, 3)), chunks=Chunks(D))
    with pytest.raises(ValueError, match="V of chunks: found none, expected some"):
        Trajectory(D.sum(axis=1), V=np.zeros((5, 3, 3, 3)), chunks=Chunks(D))
