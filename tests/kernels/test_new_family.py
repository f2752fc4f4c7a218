"""A new family of descriptors is one folder with one class and one row in the registry."""

import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
SOURCES = HERE.parents[1] / "lammps-plugin"
ROW = "FAMILY(norms)\nFAMILY(zero)\n"
PAGE = HERE.parents[1] / "docs/howto/add-a-family.md"
PROJECT = """
cmake_minimum_required(VERSION 3.20)
project(new_family LANGUAGES CXX)
add_subdirectory(lammps-plugin/kernels kernels)
target_compile_options(dbar_kernels PRIVATE -O0) # built once, run once
add_executable(new_family new_family.cpp)
target_link_libraries(new_family PRIVATE dbar_kernels)
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """Lines of a program that is linked with kernels to which the family zero has been added."""
    folder = tmp_path_factory.mktemp("family")
    shutil.copytree(SOURCES, folder / "lammps-plugin")
    shutil.copytree(HERE / "zero", folder / "lammps-plugin/kernels/zero")
    shown = re.search(r"^```cpp title=norms.cpp\n(.*?)^```", PAGE.read_text(), re.M | re.S)[1]
    (folder / "lammps-plugin/kernels/norms").mkdir()
    (folder / "lammps-plugin/kernels/norms/norms.cpp").write_text(shown)
    registry = folder / "lammps-plugin/kernels/families.def"
    registry.write_text(registry.read_text() + ROW)
    (folder / "CMakeLists.txt").write_text(PROJECT)
    shutil.copy(HERE / "new_family.cpp", folder)
    cmake = Path(sysconfig.get_path("scripts")) / "cmake"
    one = [f"-DDBAR_CXX_HAS_{isa}=OFF" for isa in ("avx2", "avx512")]  # one set is enough
    for command in (
        [cmake, "-S", folder, "-B", folder / "build", *one],
        [cmake, "--build", folder / "build", "--parallel", "2"],
        [folder / "build/new_family"],
    ):
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def test_the_registry_lists_it_and_its_keywords(said):
    assert said[-3] == "zero count"


def test_it_computes_zeros(said):
    assert said[-1] == "D 0 0 energy 0 force 0"


def test_the_family_of_the_page(said):
    """Norms that page "Add a family" makes are the components Q = Q' of soap, values, strain and gradient alike."""
    name, *found = said[-2].split()
    assert name == "norms" and len(found) == 3
    assert max(map(float, found)) < 1e-13
