"""Files that are replaced: whole or not at all, by their own kind alone, and nothing else touched."""

import os
import signal
import stat
import subprocess
import sys
import time
from random import Random

import pytest

from dbar.files.atomic import check_writable, replacing, set_aside
from dbar.files.kinds import Kind
from fuzz import MANY
from patience import end_of, wait_for

# 20 rounds of two writers and 5 kills, times DBAR_FUZZ
ROUNDS, KILLS = 20 * MANY, 5 * MANY
SIZE = 1 << 20


def left(folder, *names):
    """What is in a folder beside files of these names."""
    return sorted(path.name for path in folder.iterdir() if path.name not in names)


# ---- two at once, and kills --------------------------------------------------------------------

WRITER = """
import sys, time
from dbar.files.atomic import check_writable, replacing
path, letter, rounds, size = sys.argv[1], sys.argv[2].encode(), int(sys.argv[3]), int(sys.argv[4])
print("ready", flush=True)
sys.stdin.readline()
while rounds:
    check_writable(path)
    with replacing(path) as part, part.open("wb") as file:
        for _ in range(16):
            file.write(letter * (size // 16))
            file.flush()
            time.sleep(0.0005)
    rounds -= 1
"""


def writers(path, letters, rounds=-1, size=SIZE):
    """Processes that write a file of one letter each, and begin together."""
    words = [sys.executable, "-c", WRITER, str(path)]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    made = [
        subprocess.Popen([*words, letter, str(rounds), str(size)], text=True, **pipes)
        for letter in letters
    ]
    assert [one.stdout.readline() for one in made] == ["ready\n"] * len(made)
    for one in made:
        one.stdin.write("go\n")
        one.stdin.flush()
    return made


def writer(path, letter, rounds=-1, size=SIZE):
    return writers(path, [letter], rounds, size)[0]


def whole(data, size=SIZE):
    return len(data) == size and data == data[:1] * size


def test_two_writers_of_one_file_publish_no_fragment(tmp_path):
    path = tmp_path / "out"
    path.write_bytes(b"0" * SIZE)
    both = writers(path, "ab", ROUNDS)
    seen = set()
    while any(one.poll() is None for one in both):
        data = path.read_bytes()
        assert whole(data), (len(data), set(data))
        seen.add(data[:1])
    for one in both:
        said = end_of(one, 60)
        assert one.returncode == 0 and said[1] == "", said
    assert whole(path.read_bytes()) and seen & {b"a", b"b"}
    assert left(tmp_path, "out") == []


def test_a_killed_writer_leaves_the_old_or_the_new_file(tmp_path):
    """And what it has left beside it goes with the next write of that file."""
    path, random, parts = tmp_path / "out", Random(1), 0
    path.write_bytes(b"0" * SIZE)
    for number in range(KILLS):
        letter = chr(ord("a") + number % 26)
        process = writer(path, letter)
        new = letter.encode()
        wait_for(lambda: path.read_bytes()[:1] == new, "a file", process=process)  # noqa: B023
        time.sleep(random.uniform(0.0, 0.02))
        process.send_signal(signal.SIGKILL)
        end_of(process, 30)
        assert whole(path.read_bytes())
        found = left(tmp_path, "out")
        assert len(found) <= 1 and all(name.endswith(".part") for name in found), found
        parts += len(found)
    assert parts
    last = writer(path, "z", 1)
    end_of(last, 30)
    assert whole(path.read_bytes()) and left(tmp_path, "out") == []


def test_what_a_killed_writer_left_is_told_from_what_others_have(tmp_path):
    path = tmp_path / "out"
    living = writer(path, "a", size=16)
    wait_for(path.exists, "the first file", process=living)
    living.send_signal(signal.SIGSTOP)
    keep = {"out.part", "out2.part", "other.out.part", "out.00000000-1-00000000.part"}
    for name in keep:
        (tmp_path / name).write_text("mine")
    with replacing(path) as part:
        mine = part.name
        pieces = mine.rsplit("-", 2)  # of another computer, and of a process that lives
    others = {f"out.00000000-{pieces[1]}-{pieces[2]}", f"{pieces[0]}-1-{pieces[2]}"}
    for name in others:
        (tmp_path / name).write_text("theirs")
    end_of(writer(path, "b", 1, size=16), 30)
    assert set(left(tmp_path, "out")) >= keep | others
    assert mine.startswith("out.") and mine.endswith(".part")
    living.kill()
    end_of(living, 30)


# ---- what is there already ---------------------------------------------------------------------


def test_a_second_command_leaves_the_half_written_file_of_the_first(tmp_path):
    path = tmp_path / "out"
    with replacing(path) as part:
        part.write_text("first")
        check_writable(path)
        with replacing(path) as other:
            other.write_text("second")
        assert part.read_text() == "first"
    assert path.read_text() == "first" and left(tmp_path, "out") == []


def test_a_file_called_part_is_not_ours(tmp_path):
    path, precious = tmp_path / "out", tmp_path / "precious"
    precious.write_text("mine")
    (tmp_path / "out.part").symlink_to(precious)
    check_writable(path)
    with replacing(path) as part:
        part.write_text("new")
    assert (tmp_path / "out.part").is_symlink() and precious.read_text() == "mine"
    assert path.read_text() == "new"


@pytest.mark.parametrize("chain", [1, 2])
@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_and_its_target_is_replaced(tmp_path, chain, there):
    (tmp_path / "scratch").mkdir()
    link, target = tmp_path / "out", tmp_path / "scratch" / "data"
    if there:
        target.write_text("old")
    between = tmp_path / "between" if chain == 2 else target
    if chain == 2:
        between.symlink_to(target)
    link.symlink_to(between)
    check_writable(link)
    with replacing(link) as part:
        assert part.parent == target.parent  # a rename does not go from one file system to another
        part.write_text("new")
    assert link.is_symlink() and not target.is_symlink() and target.read_text() == "new"
    assert left(tmp_path / "scratch") == ["data"]


def odd(folder, what):
    path = folder / "out"
    if what == "pipe":
        os.mkfifo(path)
    elif what == "link to a pipe":
        os.mkfifo(folder / "pipe")
        path.symlink_to("pipe")
    elif what == "device":
        path.symlink_to("/dev/null")
    elif what == "loop":
        path.symlink_to("out")
    elif what == "folder":
        path.mkdir()
    elif what == "read-only":
        path.write_text("old")
        path.chmod(0o444)
    elif what == "long name":
        path = folder / ("x" * 300)
    elif what == "below a file":
        path.write_text("old")
        path = path / "out"
    else:
        path = folder / "none" / "out"
    return path


@pytest.mark.parametrize(
    ("what", "reason"),
    [("pipe", "is no regular file"), ("link to a pipe", "is no regular file"),
     ("device", "is no regular file"), ("loop", "too many levels of symbolic links"),
     ("folder", "is a folder"), ("read-only", "the file is read-only"),
     ("long name", "file name too long"), ("below a file", "not a directory"),
     ("no folder", "no such file or directory")],
)  # fmt: skip
def test_what_cannot_be_replaced(tmp_path, what, reason):
    path = odd(tmp_path, what)
    before = sorted((p.name, p.lstat().st_mode, p.lstat().st_ino) for p in tmp_path.iterdir())
    with pytest.raises(OSError) as caught:
        check_writable(path)
    assert str(caught.value).startswith(f"{path}: ") and reason in str(caught.value)
    with pytest.raises(OSError), replacing(path) as part:
        part.write_text("new")
    after = sorted((p.name, p.lstat().st_mode, p.lstat().st_ino) for p in tmp_path.iterdir())
    assert after == before


@pytest.mark.parametrize("how", ["pipe", "other kind"])
def test_what_comes_while_the_file_is_written(tmp_path, how):
    path = tmp_path / "out"
    with pytest.raises(OSError, match="out: is "), replacing(path, Kind.PAGE) as part:
        part.write_text("new")
        os.mkfifo(path) if how == "pipe" else path.write_text("mine")
    assert left(tmp_path) == ["out"]
    assert stat.S_ISFIFO(path.stat().st_mode) if how == "pipe" else path.read_text() == "mine"


def test_permissions_are_kept(tmp_path):
    path = tmp_path / "out"
    path.write_text("old")
    path.chmod(0o640)
    with replacing(path) as part:
        part.write_text("new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    (tmp_path / "fresh").touch()
    with replacing(tmp_path / "new") as part:
        part.write_text("new")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "fresh").stat().st_mode


def test_long_names(tmp_path):
    """Names up to what the file system takes, also where a byte is no letter."""
    for name in (b"x" * 255, b"x" * 240 + b"\xff", "ä".encode() * 127):
        path = os.path.join(os.fsencode(tmp_path), name)
        with replacing(os.fsdecode(path)) as part:
            part.write_text("new")
        with open(path) as file:
            assert file.read() == "new"
    assert len(left(tmp_path)) == 3


# ---- backups -----------------------------------------------------------------------------------


def test_backups_are_numbered_and_never_overwritten(tmp_path):
    path = tmp_path / "out"
    for number in range(12):
        path.write_text(str(number))
        assert set_aside(path) == tmp_path / f"out.bck.{number}"
    (tmp_path / "out.bck.3").unlink()
    (tmp_path / "out.bck.77").symlink_to("nowhere")
    path.write_text("last")
    assert set_aside(path).name == "out.bck.78"  # the newest has the largest number
    assert not path.exists() and (tmp_path / "out.bck.78").read_text() == "last"
    for number in {*range(12)} - {3}:
        assert (tmp_path / f"out.bck.{number}").read_text() == str(number)
    with pytest.raises(OSError):
        set_aside(path)
    assert len(left(tmp_path)) == 13
