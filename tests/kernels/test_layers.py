"""The rooms of lammps-plugin: includes go down only, and each header says `#pragma once`.

Ours are included from the root of lammps-plugin, `"folder/.../file.h"`; a name in quotes without a folder is LAMMPS's.
"""

import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "lammps-plugin"
SUFFIXES = {".h", ".cpp"}

# From which rooms a room may include, its own aside. The innermost room that is named here counts.
MAY_USE = {
    "kernels": set(),  # the registry lists families by their names, and includes none
    "kernels/isa": {"kernels"},
    "kernels/density": {"kernels", "kernels/isa"},
    "kernels/FAMILY": {"kernels", "kernels/isa", "kernels/density"},
    "kernels/gpp": {"kernels"},
    "files": {
        "kernels",
        "kernels/density",
        "kernels/gpp",
    },  # which know what a file of them must hold
    "engine": {"files", "kernels", "kernels/isa"},
    "runtime": set(),
    "gate": set(),
    "bindings": {"files", "kernels", "kernels/gpp", "kernels/isa"},
    "styles/compute": {"engine", "files", "kernels", "kernels/isa"},
    "styles/entropy": {"styles/compute", "engine", "files", "runtime"},
    "styles/gpp": {"engine", "files", "kernels", "kernels/gpp"},
    "styles/pair": {"engine", "files", "kernels", "kernels/isa"},
    "styles/stream": {"styles/compute", "engine", "files", "kernels", "runtime"},
    "styles/bias": {"styles/compute", "engine", "files", "kernels", "runtime"},
    "styles/ipi": {"styles/compute", "engine", "files", "kernels"},
    "styles": {"styles/compute", "styles/entropy", "styles/gpp", "styles/pair", "styles/stream"}
    | {"styles/bias", "styles/ipi", "engine"},
}
# Who may include headers of others: in quotes, LAMMPS's; in brackets, what is not C++'s own.
LAMMPS = {"engine", "styles", "gate"}
FOREIGN = {
    "mpi.h": LAMMPS,
    "json.h": {"files"},  # nlohmann's parser, which LAMMPS's headers bring along since 2025
    "nlohmann": {"files"},  # the same from elsewhere
    "pybind11": {"bindings", "runtime"},
    "dlfcn.h": {"runtime", "styles", "gate"},
    "malloc.h": {"engine"},  # how much was allocated
    "malloc": {"engine"},
}
POSIX = re.compile(r"(sys|netinet|arpa)/\w+\.h|(fcntl|netdb|unistd|poll)\.h")


def room(path):
    """The room of a file, given by its path below lammps-plugin."""
    folders = path.split("/")[:-1]
    if folders[0] == "kernels" and len(folders) > 1 and folders[1] not in ("isa", "density", "gpp"):
        return "kernels/FAMILY"
    return "/".join(folders[:2]) if folders[0] in ("kernels", "styles") else folders[0]


def wrong_includes(root):
    """Includes that the rules above do not allow, as texts."""
    wrong = []
    for file in sorted(f for f in root.rglob("*") if f.suffix in SUFFIXES):
        path = file.relative_to(root).as_posix()
        here, top = room(path), path.split("/")[0]
        for bracket, name in re.findall(
            r'^\s*#\s*include\s*(["<])([^">]+)', file.read_text(), re.M
        ):
            if bracket == '"' and "/" in name:
                there = room(name)
                family = (
                    here == there == "kernels/FAMILY" and name.split("/")[1] != path.split("/")[1]
                )
                fine = (root / name).exists() and not family
                fine = fine and (there == here or there in MAY_USE[here])
            elif bracket == '"':
                fine = top in LAMMPS
            elif "." in name or "/" in name:
                users = FOREIGN.get(name, FOREIGN.get(name.split("/")[0]))
                fine = (
                    top in users
                    if users
                    else top in ("runtime", "styles") and POSIX.fullmatch(name)
                )
            else:
                fine = True
            if not fine:
                wrong.append(f"{path} includes {name}")
    return wrong


def test_includes_go_down_only():
    assert wrong_includes(ROOT) == []


PLANTED = {
    "kernels of a file": ("kernels/forces.cpp", '"files/json_text.h"'),
    "kernels of MPI": ("kernels/forces.cpp", "<mpi.h>"),
    "kernels of Python": ("kernels/forces.cpp", "<Python.h>"),
    "a family of another": ("kernels/expansion/settings.cpp", '"kernels/bso4/settings.h"'),
    "what families share of a family": ("kernels/density/table.cpp", '"kernels/bso4/tables.h"'),
    "files of the engine": ("files/cv_file.cpp", '"engine/shared_text.h"'),
    "files of LAMMPS": ("files/cv_file.cpp", '"atom.h"'),
    "the engine of a style": ("engine/cv_set.cpp", '"styles/compute/dbar.h"'),
    "a style of its neighbour": ("styles/ipi/style.cpp", '"styles/bias/monte_carlo.h"'),
    "no such file": ("styles/ipi/style.cpp", '"engine/no_such.h"'),
}


@pytest.mark.parametrize("case", PLANTED)
def test_what_goes_up_is_found(tmp_path, case):
    where, name = PLANTED[case]
    root = shutil.copytree(ROOT, tmp_path / "sources")
    with open(root / where, "a") as file:
        file.write(f"#include {name}\n")
    assert wrong_includes(root) == [f"{where} includes {name[1:-1]}"]


def test_headers_are_read_once():
    headers = list(ROOT.rglob("*.h"))
    assert headers
    for header in headers:
        assert header.read_text().count("\n#pragma once\n") == 1, header
        assert not re.search(r"^#(ifndef|define) \w+_H\b", header.read_text(), re.M), header
