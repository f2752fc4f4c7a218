"""What a fix says of itself in a restart file, when it is shorter or longer than it was: never read beyond its end."""

import pytest

from harness import run_lammps
from plumed_cases import EAM, SPRING, WARM, compute, order_cv, write
from restarts import AGAIN, MONITOR, START, WINDOW, rewritten

BIAS = "fix b all dbar/plumed d plumed.dat cv order.json\n"
BEGIN = {
    "dbar/stream": START + WINDOW + "run 37\n",
    "dbar/plumed": EAM + WARM + compute() + BIAS + "run 0\n",
}
GO_ON = {
    "dbar/stream": AGAIN + WINDOW + "print 'END $(f_s[5]) $(f_s[9])'\n",
    "dbar/plumed": AGAIN + compute() + BIAS + "print 'END $(f_b[1]:%.17g) $(f_b[2]:%.17g)'\n",
}


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A folder with restart files of both fixes, and all that they need."""
    there = tmp_path_factory.mktemp("records")
    (there / "monitor.toml").write_text(MONITOR)
    (there / "plumed.dat").write_text(SPRING)
    write(there, order_cv(there))
    for style, script in BEGIN.items():
        run_lammps(there, script + f"write_restart {style.replace('/', '.')}\n")
    return there


@pytest.fixture
def goes_on(begun, lammps, tmp_path):
    """goes_on(style, change) begins again with the record changed."""

    def run(style, change, **how):
        for name in ("monitor.toml", "plumed.dat", "order.json"):
            (tmp_path / name).write_bytes((begun / name).read_bytes())
        (tmp_path / "r.237").write_bytes((begun / style.replace("/", ".")).read_bytes())
        rewritten(tmp_path / "r.237", change, style)
        return lammps(GO_ON[style], **how)

    return run


SHORTER = {
    "by a number": lambda record: record[:-1],
    "by two": lambda record: record[:-2],
    "by half": lambda record: record[: len(record) // 2],
    "to its head": lambda record: record[:3],
    "to its layout": lambda record: record[:1],
    "to nothing": lambda record: record[:0],
}


@pytest.mark.parametrize("style", BEGIN)
@pytest.mark.parametrize("change", SHORTER.values(), ids=SHORTER)
def test_shorter(goes_on, style, change):
    """It still says how long it was."""
    done = goes_on(style, change, np=2, ok=False)
    assert done.returncode != 0 and len(done.errors) == 1, done.output[-2000:]
    assert f"Fix {style}: fix " in done.errors[0]
    assert "damaged" in done.errors[0] or "another version" in done.errors[0]


@pytest.mark.parametrize("style", BEGIN)
def test_other_numbers(goes_on, style):
    def change(record):
        record = record.copy()
        record[-2] += 1
        return record

    done = goes_on(style, change, np=2, ok=False)
    assert "has another content than was written: it is damaged" in done.errors[0]


@pytest.mark.parametrize("style", BEGIN)
def test_longer(goes_on, style):
    """What follows is not read."""
    same = goes_on(style, lambda record: record).output
    longer = goes_on(style, lambda record: [*record, *[7.0] * 1000]).output
    shown = [[x for x in text.splitlines() if x.startswith("END")] for text in (same, longer)]
    assert shown[0] == shown[1] != []
