"""What is there already under the name of an output: replaced if dbar wrote it as that, else left alone."""

import json
import shutil
from dataclasses import dataclass

import ase.io
import numpy as np
import pytest
from ase.build import bulk

from bases import alloy, primitive
from dbar.basis import optimal_basis
from dbar.bias import CollectiveVariable
from dbar.cli import main
from dbar.demo import DemoError, run_demo
from dbar.demo import run as demo
from dbar.descriptors import Bispectrum
from dbar.ensemble.session import run_ensemble
from dbar.ensemble.settings import Settings, SettingsError
from dbar.files import examiner, kinds
from dbar.files.atomic import check_writable
from dbar.files.filelock import FileLock
from dbar.files.kinds import Kind, kind_of
from dbar.online.replica_file import Note, write_statistics
from dbar.potential import LinearPotential
from dbar.statistics.moments import LaggedMoments
from dbar.store.h5md import StoreError
from dbar.stream import Session
from dbar.study.model_file import ModelFileError, load, save
from dbar.trajectory import Trajectory, read, write
from entropy_models import cluster_model
from hdf5_damage import crashing, hanging
from output_files import FEW, FEW_FUNCTIONS, every_kind
from streams import feed, settings, stream


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with runs and a model, and a file of every kind: name -> (bytes, kind)."""
    folder = tmp_path_factory.mktemp("made")
    return folder, every_kind(folder)


def test_hdf5_files_are_opened_in_a_process_of_its_own(made, tmp_path, monkeypatch):
    """Damage can crash or hang the library: then nobody knows, and the file is left alone."""
    monkeypatch.setattr(examiner, "_LEAST", 0)
    content = made[1]["model.h5"][0]
    assert kind_of(made[0] / "model.h5") is Kind.MODEL
    monkeypatch.setattr(kinds, "kind_in", None)  # not here
    for damaged in (hanging(content), crashing(content, b"dbar_file")):
        path = tmp_path / "model.h5"
        path.write_bytes(damaged)
        assert kind_of(path) is None
        with pytest.raises(OSError, match=r"model.h5: is a file that dbar did not write"):
            check_writable(path, Kind.MODEL)
        assert path.read_bytes() == damaged


def test_every_kind_is_known(made, tmp_path):
    _, files = made
    for name, (content, kind) in files.items():
        (tmp_path / "file").write_bytes(content)
        assert kind_of(tmp_path / "file") is kind, name
    assert kind_of(tmp_path / "none") is None and kind_of(tmp_path) is None


@dataclass
class Output:
    """A command with an output: its words before the name of the file, how that ends, its kind."""

    words: list
    end: str
    kind: Kind
    message: str = "expected a new name or "


def commands(folder):
    runs, model = [str(folder / f"run{k}.h5md") for k in range(2)], str(folder / "model.h5")
    ahead = ["forecast", model, runs[1], "--steps", "2", "-o"]
    frames = str(folder / "frames.xyz")
    (folder / "pair.xyz").write_text("2\n\nAr 0 0 0\nAr 0 0 1.1225\n")
    potential = ["--units", "lj", "--pair-style", "lj/cut 9", "--pair-coeff", "* * 1 1"]
    entropy = ["entropy", "reference", str(folder / "pair.xyz"), *potential, "-o"]
    minima = ["entropy", "database", "lj38", "--minima", "2", "--atoms", "7", "-o"]
    ase.io.write(folder / "cell.xyz", bulk("Cu", cubic=True, a=3.63) * (3, 3, 3), format="extxyz")
    packets = ["gpp", "relax", "cu-efs", str(folder / "cell.xyz"), "--temperature", "300", "-o"]
    return {
        "fit": Output(["fit", *runs, *FEW, "-o"], ".h5", Kind.MODEL),
        "monitor": Output(["fit", *runs, *FEW, "-o", "NEW", "--monitor"], ".toml", Kind.MONITOR),
        "csv": Output(ahead, ".csv", Kind.FORECAST_CSV),
        "json": Output(ahead, ".json", Kind.FORECAST_JSON),
        "h5": Output(ahead, ".h5", Kind.FORECAST_H5),
        "basis": Output(["basis", "fit", frames, *FEW_FUNCTIONS, "-o"], ".json", Kind.BASIS),
        "report": Output(["report", runs[1], "-o"], ".html", Kind.PAGE),
        "report of many": Output(["report", *runs, *FEW, "-o"], ".html", Kind.PAGE),
        "entropies json": Output(entropy, ".json", Kind.ENTROPIES_JSON),
        "entropies h5": Output(entropy, ".h5", Kind.ENTROPIES_H5),
        "data": Output(packets, ".data", Kind.PACKETS_DATA),
        "extxyz": Output(packets, ".extxyz", Kind.PACKETS_XYZ),
        "database": Output(minima, ".h5", Kind.ENTROPY_DATABASE),
    }


@pytest.mark.parametrize(
    "command",
    [
        *("fit", "monitor", "csv", "json", "h5", "basis", "report", "report of many"),
        *("entropies json", "entropies h5", "database", "data", "extxyz"),
    ],
)
def test_what_is_no_such_output_is_left_alone(made, tmp_path, capsys, command):
    """Of every kind, in every command with an output; under its own name and behind a link."""
    folder, files = made
    one = commands(folder)[command]
    words = [str(tmp_path / "new.h5") if word == "NEW" else word for word in one.words]
    path, link = tmp_path / f"out{one.end}", tmp_path / f"link{one.end}"
    link.symlink_to(path)
    for name, (content, kind) in files.items():
        if kind is one.kind:
            continue
        path.write_bytes(content)
        for out in (path, link):
            capsys.readouterr()
            assert main([*words, str(out)]) == 1, name
            said = capsys.readouterr().err.strip().splitlines()[-1]
            assert f"{out}: is " in said and one.message + one.kind.value in said, said
            assert path.read_bytes() == content, name
            assert sorted(tmp_path.iterdir()) == sorted([path, link])
    for name in ("fit", "csv", "basis", "report"):  # its own kind is replaced, and the link stays
        if name == command:
            path.write_bytes(next(content for content, kind in files.values() if kind is one.kind))
            inode = path.stat().st_ino
            assert main([*words, str(link)]) == 0
            assert link.is_symlink() and path.stat().st_ino != inode
            assert kind_of(path) is one.kind


def test_the_default_name_of_a_report_is_no_exception(made, tmp_path):
    folder, _ = made
    shutil.copy(folder / "run0.h5md", tmp_path)
    for name in ("report.html", "run0.html"):
        (tmp_path / name).write_text("<html>mine</html>")
    before = sorted(p.name for p in tmp_path.iterdir())
    assert main(["report", str(tmp_path / "run0.h5md")]) == 1
    for name in ("report.html", "run0.html"):
        assert (tmp_path / name).read_text() == "<html>mine</html>"
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def writers(model):
    bispectrum = Bispectrum(4.7, twojmax=2, species=["Al"])
    numbers = np.full((1, 6), 1e-3)
    note, moments = Note(0, 0, 1, 1, 1, False, 1.0, {}), LaggedMoments(3, n_bags=2)
    run = Trajectory(D=np.zeros((2, 2)))
    return {
        Kind.CV: (CollectiveVariable("s", bispectrum, numbers).export, OSError),
        Kind.POTENTIAL: (LinearPotential(numbers, bispectrum).export, OSError),
        Kind.BASIS: (optimal_basis(alloy(0), primitive(), qmax=2).save, OSError),
        Kind.ENTROPY_MODEL: (cluster_model().export, OSError),
        Kind.REPLICA: (lambda path: write_statistics(path, note, moments), StoreError),
        Kind.RUN: (lambda path: write(path, run), StoreError),
        Kind.MODEL: (lambda path: save(path, *model), ModelFileError),
    }


def test_writers_of_the_package_leave_others_files_alone(made, tmp_path):
    folder, files = made
    path = tmp_path / "out"
    for kind, (write_one, error) in writers(load(folder / "model.h5")).items():
        for name, (content, found) in files.items():
            path.write_bytes(content)
            if found is kind:
                write_one(path)
                assert kind_of(path) is kind, name
                continue
            with pytest.raises(error, match=r"out: "):
                write_one(path)
            assert path.read_bytes() == content, name
    assert list(tmp_path.iterdir()) == [path]


def test_a_run_that_is_being_written_is_not_replaced(tmp_path):
    session = Session(settings(store=str(tmp_path / "run.h5md")))
    feed(session, stream(5))
    with pytest.raises(StoreError, match=r"run.h5md: is being written by a run"):
        write(tmp_path / "run.h5md", Trajectory(D=np.zeros((2, 2))))
    content = (tmp_path / "run.h5md").read_bytes()
    session.close()
    assert len(read(tmp_path / "run.h5md")) == 5
    # its lock looks free where the file system keeps locks to the computer that holds them
    (tmp_path / "run.h5md.lock").write_text("process 7 on elsewhere")
    (tmp_path / "run.h5md").write_bytes(content)
    with pytest.raises(StoreError, match=r"run.h5md: is being written by a run"):
        write(tmp_path / "run.h5md", Trajectory(D=np.zeros((2, 2))))
    (tmp_path / "run.h5md.lock").unlink()
    write(tmp_path / "run.h5md", Trajectory(D=np.zeros((2, 2))))


# ---- folders as outputs ------------------------------------------------------------------------


def ensemble(tmp_path):
    (tmp_path / "in.replica").write_text("")
    text = 'script = "in.replica"\nobservables = ["pe"]\nreplicas = 2\nsteps = 20\nchunk = 10\nevery = 5\n'
    (tmp_path / "e.toml").write_text(text)
    return Settings.load(tmp_path / "e.toml")


@pytest.mark.parametrize("resume", [False, True])
@pytest.mark.parametrize(
    "name", ["journal.jsonl", "status.json", "statistics.h5", "stop", "controller.lock"]
)
def test_a_folder_that_is_no_ensemble(tmp_path, name, resume):
    """Nothing of the user's that has the name of a file of an ensemble is changed."""
    wanted, folder = ensemble(tmp_path), tmp_path / "out"
    folder.mkdir()
    if resume:
        (folder / "journal.jsonl").touch()
    (folder / name).write_text("my notes")
    with pytest.raises((OSError, SettingsError, ValueError), match=name):
        run_ensemble(wanted, folder, resume)
    assert (folder / name).read_text() == "my notes"
    rest = {path.name for path in folder.iterdir()} - {name, "journal.jsonl"}
    assert not rest


def quick_demo(monkeypatch, made):
    """A demo whose LAMMPS writes its files at once."""

    def lammps(command, out, steps, show):
        shutil.copy(made / "store.h5md", out / "run.h5md")
        (out / "log.lammps").write_text("new log")
        (out / "output.txt").write_text("new output")

    monkeypatch.setattr(demo, "_run", lammps)
    monkeypatch.setattr(demo, "alarm_sentence", lambda summary: "")


def test_demo_keeps_the_stores_of_others(made, tmp_path, monkeypatch):
    folder, _ = made
    quick_demo(monkeypatch, folder)
    shutil.copy(folder / "run0.h5md", tmp_path / "run.h5md")
    (tmp_path / "log.lammps").write_text("my log")
    (tmp_path / "monitor.toml").write_text("persist = 3\n")
    for _ in range(3):
        run_demo(tmp_path)
    first = (folder / "run0.h5md").read_bytes()
    assert (tmp_path / "run.h5md.bck.0").read_bytes() == first
    assert len(read(tmp_path / "run.h5md.bck.1")) == len(read(tmp_path / "run.h5md")) == 20
    assert (tmp_path / "log.lammps.bck.0").read_text() == "my log"
    assert (tmp_path / "monitor.toml.bck.0").read_text() == "persist = 3\n"
    assert (tmp_path / "run.h5md.bck.2").exists()
    names = {path.name for path in tmp_path.iterdir()}
    assert not names & {"monitor.toml.bck.1", "in.al-tension.bck.0", "run.h5md.bck.3"}


@pytest.mark.parametrize("what", ["locked", "run.h5md", "report.html", "log.lammps"])
def test_demo_into_a_folder_that_is_in_use(made, tmp_path, monkeypatch, capsys, what):
    folder, _ = made
    quick_demo(monkeypatch, folder)
    shutil.copy(folder / "store.h5md", tmp_path / "run.h5md")
    held = FileLock(tmp_path / "run.h5md") if what == "locked" else None
    if what == "log.lammps":
        (tmp_path / what).mkdir()
    elif not held:
        (tmp_path / what).write_text("mine")
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()}
    with pytest.raises(DemoError if held else OSError) as caught:
        run_demo(tmp_path)
    assert ("is being written by process" if held else f"{what}: is ") in str(caught.value)
    assert main(["demo", "--out", str(tmp_path), "--json"]) == 1
    assert not json.loads(capsys.readouterr().out)["ok"]
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()} == before
    if held:
        held.release()
