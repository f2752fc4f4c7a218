"""What a file is, told by its content: whether dbar wrote it, and as what."""

from __future__ import annotations

import csv
import enum
import json
import os
from pathlib import Path

from dbar.files import examiner
from dbar.files.superblock import SIGNATURE

__all__ = ["MARKS", "XYZ_MARK", "Kind", "kind_in", "kind_of"]

_HEAD = 1 << 16  # bytes that tell a text
_LARGEST = 1 << 28  # bytes of a JSON file that is read to find out


class Kind(enum.Enum):
    """Files that dbar writes; the value says in words what such a file is."""

    RUN = "a run (H5MD) of dbar"
    MODEL = "a model made by `dbar fit`"
    FORECAST_H5 = "a forecast of dbar (HDF5)"
    FORECAST_JSON = "a forecast of dbar (JSON)"
    FORECAST_CSV = "a forecast of dbar (CSV)"
    STATISTICS = "statistics of an ensemble of dbar"
    STATUS = "the status of an ensemble of dbar"
    REPLICA = "statistics of a replica of dbar"
    PAGE = "a report of dbar"
    MONITOR = "settings of a monitor made by `dbar fit`"
    CV = "a collective variable of dbar"
    POTENTIAL = "a potential of dbar"
    NOVELTY = "a novelty model of dbar"
    BASIS = "a radial basis of dbar"
    ENTROPIES_JSON = "vibrational entropies of dbar (JSON)"
    ENTROPIES_H5 = "vibrational entropies of dbar (HDF5)"
    ENTROPY_DATABASE = "a database of relaxed configurations of dbar"
    ENTROPY_MODEL = "a model of vibrational entropies of dbar"
    ENTROPY_STUDY = "a study of vibrational entropies of dbar (JSON)"
    ENTROPY_STUDY_PAGE = "a page of a study of vibrational entropies of dbar"
    PACKET_NETWORK = "a network of phase packets of dbar"
    PACKET_STUDY = "a study of phase packets of dbar (JSON)"
    PACKET_STUDY_PAGE = "a page of a study of phase packets of dbar"
    PACKETS_DATA = "atoms of `dbar gpp` (LAMMPS data)"
    PACKETS_XYZ = "atoms of `dbar gpp` (extended xyz)"


MARKS = {  # beginnings of texts
    Kind.PAGE: '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
    '<meta name="generator" content="dbar',
    Kind.MONITOR: "# for runs like those of",
    Kind.ENTROPY_STUDY_PAGE: "# Vibrational entropies from D: a study",
    Kind.PACKET_STUDY_PAGE: "# Phase packets: a study",
    Kind.PACKETS_DATA: "atoms of dbar gpp, units metal",
}
XYZ_MARK = 'made_by="dbar gpp"'  # in the second line
_OLD_PAGE = (  # of before it named its generator
    '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
    'content="width=device-width, initial-scale=1"><title>dbar: '
)
_SCHEMAS = {
    "dbar-cv": Kind.CV, "dbar-potential": Kind.POTENTIAL, "dbar-novelty": Kind.NOVELTY,
    "dbar-basis": Kind.BASIS,
    "dbar-entropies": Kind.ENTROPIES_JSON, "dbar-entropy": Kind.ENTROPY_MODEL,
    "dbar-entropy-study": Kind.ENTROPY_STUDY, "dbar-packet-network": Kind.PACKET_NETWORK,
    "dbar-gpp-study": Kind.PACKET_STUDY,
}  # fmt: skip
_HDF5_KINDS = {
    "model": Kind.MODEL, "forecast": Kind.FORECAST_H5, "statistics": Kind.STATISTICS,
    "entropies": Kind.ENTROPIES_H5, "entropy database": Kind.ENTROPY_DATABASE,
}  # fmt: skip
_TENSORS = b'{"__metadata__":'  # after the header's length: safetensors
_FORECAST = {"model", "run", "level", "observables", "M_expected", "M_bound", "tau_pred"}
_STATUS = {"time", "policy", "budget", "ended", "replicas", "observables"}


def kind_of(path: str | os.PathLike[str]) -> Kind | None:
    """The kind of an existing file, None if it is none that dbar writes or cannot be read.

    Files of all versions of dbar are known. Damaged ones are not: nobody can tell what they were.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
        if head.startswith(SIGNATURE):
            return _asked(path)
        if head[8:].startswith(_TENSORS):
            return _of_tensors(path)
        return _of_text(path, head)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _asked(path: Path) -> Kind | None:
    """Kind of an HDF5 file, from a process of its own: damaged ones can hang or crash HDF5."""
    name = examiner.ask("kind", path)
    return Kind[name] if name else None


def kind_in(path: Path) -> Kind | None:
    """The kind of an HDF5 file, which is opened here."""
    # needs h5py, and only where there is such a file: `dbar --help` must answer at once
    from dbar.files.unfinished import open_file

    with open_file(path) as file:  # also a run's whose writer was killed
        said = file.attrs.get("dbar_file")
        if said is not None:
            return _HDF5_KINDS.get(said) if isinstance(said, str) else None
        creator = file.get("h5md/creator")
        if creator is not None and "parameters/dbar/descriptor" in file:
            return Kind.RUN if creator.attrs.get("name") == "dbar" else None
        # of before the attribute was written
        old = {"schema", "names"} <= set(file.attrs) and {"transitions", "ensemble"} <= set(file)
        return Kind.STATISTICS if old else None


def _of_text(path: Path, head: bytes) -> Kind | None:
    line = head.partition(b"\n")[0]
    text = head.decode(errors="replace")
    for kind in (
        Kind.MONITOR, Kind.ENTROPY_STUDY_PAGE, Kind.PACKETS_DATA, Kind.PACKET_STUDY_PAGE,
    ):  # fmt: skip
        if text.startswith(MARKS[kind]):
            return kind
    if text.startswith((MARKS[Kind.PAGE], _OLD_PAGE)):
        return Kind.PAGE
    if line.startswith(b'{"kind": "dbar replica statistics"'):
        return Kind.REPLICA
    if line.startswith(b"time"):
        names = [name.partition(" (")[0] for name in next(csv.reader([line.decode()]))]
        mine = names[0] == "time" and names[-2:] == ["M_expected", "M_bound"]
        return Kind.FORECAST_CSV if mine else None
    if line.strip().isdigit() and XYZ_MARK in text.partition("\n")[2].partition("\n")[0]:
        return Kind.PACKETS_XYZ
    if text.lstrip().startswith("{") and path.stat().st_size <= _LARGEST:
        return _of_json(json.loads(path.read_text(encoding="utf-8")))
    return None


def _of_tensors(path: Path) -> Kind | None:
    """Kind of a file of safetensors, whose metadata hold JSON of ours."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(min(size, _LARGEST)))
    return _of_json(json.loads(header["__metadata__"]["dbar"]))


def _of_json(content: dict) -> Kind | None:
    schema = content.get("schema")
    if isinstance(schema, str):
        return _SCHEMAS.get(schema.partition("/")[0])
    if content.keys() >= _FORECAST:
        return Kind.FORECAST_JSON
    return Kind.STATUS if content.keys() >= _STATUS else None
