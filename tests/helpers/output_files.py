"""A file of every kind that dbar writes, and files of others that look like them."""

import json

import ase.io
import h5py
import numpy as np
from ase.build import bulk

from bases import alloy, primitive
from crystal import shaken
from dbar.basis import optimal_basis
from dbar.bias import CollectiveVariable
from dbar.cli import main
from dbar.descriptors import Bispectrum
from dbar.ensemble.status import write_status
from dbar.entropy.database_file import DatabaseFile
from dbar.entropy.entropies_file import EntropiesFile
from dbar.entropy.entry import Entry
from dbar.entropy.studies.plan import Plan
from dbar.entropy.studies.run import write_study
from dbar.files.kinds import Kind
from dbar.gpp import write_lammps, write_xyz
from dbar.gpp.network import About, NetworkSettings, PacketNetwork, write_network
from dbar.gpp.studies import plan as packets_plan
from dbar.gpp.studies import run as packets_run
from dbar.novelty import AtomNovelty
from dbar.online.replica_file import Note, write_statistics
from dbar.potential import LinearPotential
from dbar.statistics.moments import LaggedMoments
from dbar.stream import Session
from entropy_models import cluster_model
from h5md_ensembles import write_runs
from streams import feed, kill_copy, settings, stream

FEW = ["--order", "1", "--dimension", "2", "--bags", "4"]
FEW_FUNCTIONS = ["--rcut", "4", "--nmax", "4", "--lmax", "2", "--qmax", "2"]

FOREIGN = {
    "text": b"my notes\n",
    "empty": b"",
    "zeros": bytes(5000),
    "picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "signature alone": b"\x89HDF\r\n\x1a\n",
    "json": b'{"schema": 1, "model": "x"}',
    "other schema": b'{"schema": "snap/1", "name": "dbar-cv/1"}',
    "list": b"[1, 2]",
    "html": b"<!DOCTYPE html>\n<html><head><title>dbar: my own notes</title></head></html>",
    "quoting html": b"<!DOCTYPE html>\n<pre><meta name=\"generator\" content=\"dbar 1\"></pre>",
    "toml": b"persist = 3\n",
    "toml that quotes": b"persist = 3\n# for runs like those of model.h5\n",
    "csv": b"time (ps),pe (eV)\n0.1,3.0\n",
    "line of json": b'{"kind": "other statistics"}\n\x00\x01',
    "brackets": b"{" * 100_000,
    "xyz": b"1\nmade_by=me\nCu 0 0 0\n",
    "number": b"12",
    "lammps data": b"(written by ASE)\n\n1 atoms\n",
}  # fmt: skip


def of_others(folder):
    """HDF5 files that dbar did not write: name -> bytes."""
    out = {}
    for name in ("hdf5", "h5md of others", "own model", "number"):
        path = folder / f"others {name}"
        with h5py.File(path, "w") as file:
            file["data"] = np.arange(5.0)
            if name == "h5md of others":
                file.create_group("h5md/creator").attrs["name"] = "MDAnalysis"
                file["parameters/dbar/descriptor"] = "{}"
            elif name != "hdf5":
                file.attrs["dbar_file"] = "my own" if name == "own model" else 3
        out[name] = path.read_bytes()
    return out


def every_kind(folder):
    """Name -> (bytes, Kind or None) of files of dbar and of others; leaves run0 and run1.h5md, frames.xyz."""
    runs = write_runs(folder, 2, 40)
    model = str(folder / "model.h5")
    assert main(["fit", *runs, "-o", model, "--monitor", str(folder / "watch.toml"), *FEW]) == 0
    for end in ("csv", "json", "h5"):
        words = ["--steps", "3", "-o", str(folder / f"forecast.{end}")]
        assert main(["forecast", model, runs[0], *words]) == 0
    assert main(["report", runs[0], "-o", str(folder / "page.html")]) == 0
    session = Session(settings(store=str(folder / "store.h5md")))
    feed(session, stream(20))
    kill_copy(session._store, folder / "killed.h5md")
    session.close()
    bispectrum = Bispectrum(4.7, twojmax=2, species=["Al"])
    CollectiveVariable("s", bispectrum, np.full((1, 6), 1e-3)).export(folder / "cv.json")
    LinearPotential(np.full((1, 6), 1e-3), bispectrum).export(folder / "potential.json")
    AtomNovelty(bispectrum).fit(shaken(3, 0)).export(folder / "novelty.json")
    optimal_basis(alloy(0), primitive(), qmax=2).save(folder / "basis.json")
    ase.io.write(folder / "frames.xyz", [alloy(seed) for seed in range(2)], format="extxyz")
    moments = LaggedMoments(3, n_bags=2)
    for step in range(4):
        moments.add(np.arange(6.0) + step, [step])
    write_statistics(folder / "replica-0.0.stat", Note(0, 0, 1, 1, 4, False, 1.0, {}), moments)
    status = dict.fromkeys(("time", "policy", "budget", "ended", "observables"), "")
    write_status(folder, status | {"replicas": []})
    for end in ("json", "h5"):
        entropies = EntropiesFile(folder / f"entropies.{end}", {"units": "lj"})
        entropies.add(Entry("a.xyz", "0", {"log_det": 1.0}, {"frequencies": np.arange(3.0)}))
    with DatabaseFile(folder / "database.h5", {"units": "lj"}) as database:
        database.give_up(0)
    cluster_model().export(folder / "entropy.json")
    write_study(folder, {}, Plan())
    write_lammps(folder / "warm.data", bulk("Cu"), ["Cu"])
    write_xyz(folder / "warm.extxyz", bulk("Cu"))
    network = PacketNetwork(NetworkSettings(("Cu",), 4.5, features=2, layers=1))
    write_network(folder / "n.safetensors", network, About("", (100.0, 500.0), 0, []))
    (folder / "packets").mkdir()
    packets_run.write_study(folder / "packets", {}, packets_plan.Plan())
    with h5py.File(folder / "statistics.h5", "w") as file:
        file.attrs["dbar_file"] = "statistics"
    kinds = {
        "run0.h5md": Kind.RUN, "store.h5md": Kind.RUN, "killed.h5md": Kind.RUN, "model.h5": Kind.MODEL,
        "forecast.csv": Kind.FORECAST_CSV, "forecast.json": Kind.FORECAST_JSON,
        "forecast.h5": Kind.FORECAST_H5, "page.html": Kind.PAGE, "watch.toml": Kind.MONITOR,
        "cv.json": Kind.CV, "potential.json": Kind.POTENTIAL, "novelty.json": Kind.NOVELTY, "basis.json": Kind.BASIS,
        "replica-0.0.stat": Kind.REPLICA, "status.json": Kind.STATUS, "statistics.h5": Kind.STATISTICS,
        "entropies.json": Kind.ENTROPIES_JSON, "entropies.h5": Kind.ENTROPIES_H5,
        "study.json": Kind.ENTROPY_STUDY, "study.md": Kind.ENTROPY_STUDY_PAGE,
        "warm.data": Kind.PACKETS_DATA, "warm.extxyz": Kind.PACKETS_XYZ,
        "n.safetensors": Kind.PACKET_NETWORK, "packets/study.json": Kind.PACKET_STUDY,
        "packets/study.md": Kind.PACKET_STUDY_PAGE,
        "entropy.json": Kind.ENTROPY_MODEL, "database.h5": Kind.ENTROPY_DATABASE,
    }  # fmt: skip
    assert set(kinds.values()) == set(Kind)
    out = {name: ((folder / name).read_bytes(), kind) for name, kind in kinds.items()}
    out |= {name: (content, None) for name, content in (FOREIGN | of_others(folder)).items()}
    page, generator = out["page.html"][0].partition(b'<meta name="generator"')[::2]
    out["older page"] = (page + generator.partition(b">")[2], Kind.PAGE)
    assert json.loads((folder / "status.json").read_text())
    return out
