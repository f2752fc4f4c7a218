"""Snippets of README and user guide run as printed, and every link of every page leads somewhere.

What the word behind the fence means:

=====================  =======================================================================
``X title=NAME``       a file of that name; scripts and observers below it on the page use it
``lammps-input``       a complete input script, run on ``np=N`` ranks (default 2, ``args=...``)
``lammps-lines``       lines for a script that starts with ``include in.argon``
``lammps-error``       such lines, then the error that they must give
``python``             a program; a block ``output`` right after it is what it must print
``sh run``             shell commands, run in the folder of the page's files
``sh``, ``text``, ...  shown only
=====================  =======================================================================
"""

import re
import shlex
import subprocess
import sys
from dataclasses import dataclass

import pytest

from dbar import _kernels
from dbar.cli import build_parser
from dbar.online import MonitorConfig
from harness import ROOT, environment, run_lammps
from pages import ALL_PAGES, FENCE
from patience import run

PAGES = ["README.md", *(f"docs/{name}.md" for name in ("index", "install"))]
PAGES += sorted(
    str(path.relative_to(ROOT))
    for folder in ("commands", "howto")
    for path in (ROOT / "docs" / folder).glob("*.md")
)
PAGES += [f"docs/theory/{name}.md" for name in ("bias", "descriptors")]
PAGES += [
    f"docs/api/{name}.md"
    for name in (
        *("basis", "bias", "cli", "console", "descriptors", "ensemble", "entropy", "files", "gpp"),
        *("lammps", "measures", "novelty", "statistics", "status", "store", "study"),
        *("targets", "watch"),
    )
]
SHOWN = {"cpp", "text", "sh", "", "toml", "python", "lammps", "output", "xml", "json"}


@dataclass
class Block:
    """One fenced block: the word behind the fence, its options, its text."""

    kind: str
    options: dict
    text: str
    line: int


def blocks(page):
    """Fenced blocks of a page, in order."""
    source = (ROOT / page).read_text()
    found = []
    for match in FENCE.finditer(source):
        kind, *words = shlex.split(match[2]) or [""]
        options = dict(word.split("=", 1) if "=" in word else (word, "") for word in words)
        line = source.count("\n", 0, match.start()) + 1
        text = re.sub(f"^{match[1]}", "", match[3], flags=re.M)
        found.append(Block(kind, options, text, line))
    return found


BASE = next(b.text for b in blocks("docs/index.md") if b.options.get("title") == "in.argon")


def run_block(block, following, folder):
    """Run one block in the folder of its page."""
    if block.kind == "lammps-input":
        np_ = int(block.options.get("np", 2))
        run_lammps(folder, block.text, np=np_, args=block.options.get("args", "").split())
    elif block.kind == "lammps-lines":
        run_lammps(folder, f"include in.argon\n{block.text}run 100\n", np=2)
    elif block.kind == "lammps-error":
        lines, error, expected = block.text.partition("ERROR: ")
        assert error, "a lammps-error block ends with the line ERROR: ..."
        done = run_lammps(folder, f"include in.argon\n{lines}run 100\n", np=2, ok=False)
        assert done.returncode != 0
        expected = " ".join(expected.split())  # long messages are wrapped on the page
        assert any(expected in line for line in done.errors), done.output[-3000:]
    elif block.kind == "python" and "title" not in block.options:
        printed = run_command([sys.executable, "-c", block.text], folder)
        if following and following.kind == "output":
            assert printed == following.text
    elif block.kind == "sh" and "run" in block.options:
        run_command(["bash", "-euc", block.text], folder)
    else:
        assert block.kind in SHOWN, f"line {block.line}: unknown kind of block {block.kind!r}"


def run_command(words, folder):
    done = run(
        words,
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("page", PAGES)
def test_snippets_run(page, tmp_path):
    found = blocks(page)
    (tmp_path / "in.argon").write_text(BASE)
    for block in found:
        if "title" in block.options:
            (tmp_path / block.options["title"]).write_text(block.text)
    for block, following in zip(found, [*found[1:], None], strict=True):
        try:
            run_block(block, following, tmp_path)
        except AssertionError as error:
            raise AssertionError(f"{page}:{block.line}: {block.kind}: {error}") from None


def anchors(page):
    """Anchors that a browser finds for the headings of a page."""
    text = FENCE.sub("", page.read_text())
    titles = re.findall(r"^#+ +(.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", ALL_PAGES)
def test_links_lead_somewhere(page):
    path = ROOT / page
    text = re.sub(r"`[^`\n]*`", "", FENCE.sub("", path.read_text()))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"\w+:", target):
            continue
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        assert there.exists(), f"{page}: link to {target}, but there is no {file}"
        assert not anchor or anchor in anchors(there), f"{page}: {target}: no such heading"


def test_every_page_can_be_reached():
    """From the README over links, every page of the guide."""
    seen, todo = set(), [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        seen.add(page)
        for target in re.findall(r"\]\(([^)#\s]+\.md)", page.read_text()):
            there = (page.parent / target).resolve()
            if there.exists() and there not in seen:
                todo.append(there)
    missing = [page for page in ALL_PAGES if ROOT / page not in seen]
    assert not missing


def known_words(lammps, command):
    """Keywords that LAMMPS offers when it is given one that does not exist."""
    done = lammps(BASE + f"{command} nosuchword\n", ok=False)
    offered = re.search(r"expected (?:one of: )?([a-z0-9, ]+)", done.errors[0])[1]
    return re.findall(r"\w+", offered.replace(" or ", " "))


def test_command_pages_name_every_keyword(lammps):
    words = []
    for family in _kernels.family_names():
        words += known_words(lammps, f"compute x all dbar {family} 6.0")
    assert "twojmax" in words and "lmax" in words
    page = (ROOT / "docs/commands/compute_dbar.md").read_text()
    for word in [*words, "virial", "perspecies", "average", "chunk"]:
        assert f"| *{word}* |" in page, word
    words = known_words(lammps, "compute x all dbar/entropy d entropy.json")
    assert "temp" in words
    page = (ROOT / "docs/commands/compute_dbar_entropy.md").read_text()
    assert all(f"| *{word}* |" in page for word in words), words
    for style, arguments, one in (
        ("stream", "5 4 20 d", "monitor"),
        ("ipi", "d here 31415", "timeout"),
        ("plumed", "d plumed.dat", "cv"),
    ):
        words = known_words(lammps, f"fix x all dbar/{style} {arguments}")
        assert one in words
        page = (ROOT / f"docs/commands/fix_dbar_{style}.md").read_text()
        for word in words:
            assert f"| *{word}* |" in page, word


def test_monitor_settings_and_defaults_are_those_of_the_page():
    page = (ROOT / "docs/commands/fix_dbar_stream.md").read_text()
    found = dict(re.findall(r"^\| `(\w+)` \| ([\w.]+) \|", page, re.M))
    expected = {key: str(value).lower() for key, value in MonitorConfig().to_dict().items()}
    assert found == expected


def test_programs_of_the_guide_exist():
    """Where a page says `dbar X`, the command line has that X."""
    known = build_parser().format_help()
    for page in ALL_PAGES:
        for word in re.findall(r"`dbar (\w+)", (ROOT / page).read_text()):
            assert word in known, f"{page}: dbar {word}"
