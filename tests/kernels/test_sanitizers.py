"""The kernels under the address and undefined-behaviour sanitizers, for every instruction set."""

import os
import subprocess
import sysconfig
from pathlib import Path

import pytest

from dbar import _kernels

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sanitize")
    (folder / "CMakeLists.txt").write_text(f"""
cmake_minimum_required(VERSION 3.20)
project(sanitize LANGUAGES CXX)
add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all)
add_link_options(-fsanitize=address,undefined)
add_subdirectory({ROOT}/lammps-plugin/kernels kernels)
target_compile_options(dbar_kernels PRIVATE -O0) # sees more, and is built sooner than it runs longer
add_executable(sanitize {ROOT}/tests/kernels/sanitize.cpp)
target_link_libraries(sanitize PRIVATE dbar_kernels)
""")
    cmake = Path(sysconfig.get_path("scripts")) / "cmake"
    build = [[cmake, "-S", folder, "-B", folder], [cmake, "--build", folder, "--parallel", "2"]]
    for command in build:
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder / "sanitize"


@pytest.mark.parametrize("isa", _kernels.available_isas())
def test_no_stray_access(program, isa):
    done = subprocess.run(
        [program], env={**os.environ, "DBAR_ISA": isa}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(isa)
