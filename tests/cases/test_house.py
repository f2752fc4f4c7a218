"""Everything is in its room: folders, tests and pages mirror each other, and the map names what there is."""

import ast
import re

import pytest

from harness import ROOT

PACKAGE = ROOT / "python/dbar"
PLUGIN = ROOT / "lammps-plugin"
MAP = "docs/architecture.md"
HOUSES = ("python", "lammps-plugin", "tests", "docs", "examples", "benchmarks", "cmake")
TEXTS = {".py", ".h", ".cpp", ".def", ".toml", ".txt"}


def folders(root):
    """Folders below `root` that hold something, as relative paths."""
    found = (path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.parent.relative_to(root)) for path in found} - {"."}


def names(root):
    """Folders right below `root`."""
    return {folder for folder in folders(root) if "/" not in folder}


ROOMS = {name for name in names(PACKAGE) if (PACKAGE / name / "__init__.py").exists()}


def test_rooms_have_pages_and_tests_have_rooms():
    pages = {page.stem for page in (ROOT / "docs/api").glob("*.md")}
    assert pages == ROOMS
    assert names(ROOT / "tests/python") <= ROOMS
    assert names(ROOT / "tests/lammps") <= names(PLUGIN) | names(PLUGIN / "styles")


def defined(source):
    """What a file defines itself, `__all__` aside; a docstring and imports are no definitions."""
    found = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.Assign) and [ast.unparse(t) for t in node.targets] == ["__all__"]:
            continue
        found.append(ast.unparse(node).splitlines()[0])
    return found


def handed_on(source):
    """Names that a file imports."""
    nodes = (node for node in ast.parse(source).body if isinstance(node, ast.ImportFrom))
    return {alias.asname or alias.name for node in nodes for alias in node.names}


@pytest.mark.parametrize("room", [".", *sorted(ROOMS)])
def test_a_room_hands_on_and_defines_nothing(room):
    folder = PACKAGE / room
    source = (folder / "__init__.py").read_text()
    assert defined(source) == []
    inside = {path.stem for path in folder.iterdir()} - {"__init__"}
    assert not handed_on(source) & inside, "a function and a module of one name"


def quoted():
    """What the map has in backticks."""
    return re.findall(r"`([^`\n]+)`", (ROOT / MAP).read_text())


@pytest.mark.parametrize("root", [PACKAGE, PLUGIN], ids=["package", "plugin"])
def test_the_map_names_every_folder(root):
    said = {word.removeprefix(f"{root.relative_to(ROOT)}/").rstrip("/") for word in quoted()}
    assert folders(root) <= said


def test_the_map_names_no_file_that_is_not_there():
    paths = {word for word in quoted() if re.match(rf"({'|'.join(HOUSES)})/[^ ]*$", word)}
    paths |= {word for word in quoted() if re.fullmatch(r"[\w-]+\.(md|toml)", word)}
    real = {path for path in paths if "NAME" not in path}
    assert len(real) > 50
    assert {path for path in real if not (ROOT / path).exists()} == set()
    for path in paths - real:  # of something that is still to come: its folder is there
        assert (ROOT / path.partition("NAME")[0].rpartition("/")[0]).is_dir(), path


def test_the_map_names_no_name_that_is_not_there():
    """Functions, classes and members: the last part of each stands somewhere in the sources."""
    files = [ROOT / "pyproject.toml"]
    for top in ("python", "lammps-plugin", "tests"):
        files += [path for path in (ROOT / top).rglob("*") if path.suffix in TEXTS]
    known = {word for path in files for word in re.findall(r"\w+", path.read_text())}
    known |= {path.stem for path in files} | {
        part for path in files for part in path.relative_to(ROOT).parts
    }
    known |= set(re.findall(r"\w+", (ROOT / "README.md").read_text()))  # of its input script
    said = {word for word in quoted() if re.fullmatch(r"[A-Za-z_][\w.:]*(\(\w*(, \w+)*\))?", word)}
    said = {re.split(r"[.:]+", word.partition("(")[0])[-1] for word in said}
    assert len(said) > 50
    assert said - known - {"NAME", "md", "toml"} == set()
