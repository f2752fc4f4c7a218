"""Files of PLUMED as kills, restarts, resets and buffers leave them: read right, or refused."""

import gzip

import numpy as np
import pytest

from dbar.bias import bias_grid, final_bias, read_colvar, read_hills, tiwary_parrinello
from metadynamics import plumed_run

HEAD = "#! FIELDS time s sigma_s height biasf\n#! SET multivariate false\n"
COLVAR = "#! FIELDS time s\n"


def hill(time, s=0.0, sigma=0.1, height=1.0, gamma=8.0):
    return f"{time} {s} {sigma} {height} {gamma}\n"


def written(tmp_path, text, name="HILLS"):
    path = tmp_path / name
    path.write_text(text)
    return path


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_kill_anywhere_and_a_restart_on_the_same_line(tmp_path, cut):
    lines = [
        "q: EXTRACV NAME=q",
        "t: CUSTOM ARG=q FUNC=x PERIODIC=-pi/2,pi/2",
        "PRINT ARG=t FILE=COLVAR STRIDE=7",
    ]
    run = {"force": lambda x: np.array([0.3]), "start": 0.1, "names": ("q",)}
    plumed_run(tmp_path, lines, 8, 12, **run)
    path = tmp_path / "COLVAR"
    whole = path.read_text()
    path.write_text(whole[:-cut])
    plumed_run(tmp_path, lines, 22, 12, first=14, **run)
    found = read_colvar(path)
    np.testing.assert_allclose(found["time"][-4:], 0.005 * np.arange(14, 36, 7))
    # of the first run every line with its end, and no other
    assert len(found) - 4 == sum(not row.startswith("#") for row in whole[:-cut].split("\n")[:-1])


@pytest.mark.parametrize("cut", ["#", "#! FIE", "#! FIELDS time", "#! FIELDS time s sigma_s"])
def test_a_header_that_was_cut_is_no_header(tmp_path, cut):
    assert len(read_hills(written(tmp_path, cut + HEAD + hill(1)))) == 1
    with pytest.raises(ValueError, match="nothing whole has been written to it yet"):
        read_hills(written(tmp_path, cut))


def test_a_setting_that_was_cut_does_not_count(tmp_path):
    hills = read_hills(
        written(tmp_path, HEAD + "#! SET min_s -pi/2\n#! SET max_s pi/2\n" + hill(1))
    )
    assert hills.lower == -np.pi / 2 and hills.period == np.pi
    text = HEAD + "#! SET min_s -pi/2\n#! SET max_s pi"
    with pytest.raises(ValueError, match="HILLS: min_s is set, max_s is not"):
        read_hills(written(tmp_path, text))


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("pi/2", np.pi / 2), ("-pi/2", -np.pi / 2), ("2*pi/3", 2 * np.pi / 3), ("pi", np.pi),
        ("2pi", 2 * np.pi), ("0.5*pi", np.pi / 2), ("pi*2", 2 * np.pi), ("1e1", 10.0),
    ],
)  # fmt: skip
def test_ends_of_a_period(tmp_path, word, value):
    text = HEAD + f"#! SET min_s -10\n#! SET max_s {word}\n" + hill(1)
    np.testing.assert_allclose(read_hills(written(tmp_path, text)).period, value + 10)


@pytest.mark.parametrize("word", ["pi/0", "pi/", "tau", "nan", "inf", "-10", "-20", "1..2pi"])
def test_what_is_no_end_of_a_period_is_refused(tmp_path, word):
    text = HEAD + f"#! SET min_s -10\n#! SET max_s {word}\n" + hill(1)
    with pytest.raises(ValueError, match=rf"HILLS: min_s -10, max_s {word}: expected"):
        read_hills(written(tmp_path, text))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (hill(2, sigma=0), "sigma_s: found 0.0 in hill 2, expected a positive number"),
        (hill(2, sigma=-1), "sigma_s: found -1.0 in hill 2"),
        (hill(2, sigma="nan"), "sigma_s: found nan in hill 2"),
        (hill(2, sigma="inf"), "sigma_s: found inf in hill 2"),
        (hill(2, s="nan"), "s: found nan in hill 2, expected a finite number"),
        (hill(2, height="nan"), "height: found nan in hill 2, expected a finite number"),
        (hill("nan"), "time: found nan"),
        (hill(2, gamma="nan"), "the bias factor changes"),
    ],
)
def test_a_hill_that_is_none_is_refused(tmp_path, row, message):
    with pytest.raises(ValueError, match=f"HILLS.*{message}"):
        read_hills(written(tmp_path, HEAD + hill(1) + row))


@pytest.mark.parametrize("gamma", ["nan", "0", "0.5", "1", "-3"])
def test_a_bias_factor_that_is_none_is_refused(tmp_path, gamma):
    with pytest.raises(ValueError, match=r"HILLS: biasf: found .*, expected -1 or more than 1"):
        read_hills(written(tmp_path, HEAD + hill(1, gamma=gamma)))


def test_hills_made_by_hand_are_checked_as_well(tmp_path):
    hills = read_hills(written(tmp_path, HEAD + hill(1)))
    with pytest.raises(ValueError, match=r"sigma_s: found 0.0 in hill 1"):
        type(hills)(**{**vars(hills), "sigma": np.zeros((1, 1))})


def test_no_hills_yet(tmp_path):
    for text in ("", "\n", "# \n"):
        with pytest.raises(ValueError, match="nothing whole has been written to it yet"):
            read_hills(written(tmp_path, text))
    hills = read_hills(written(tmp_path, HEAD))
    s = time = np.arange(3.0)
    np.testing.assert_allclose(final_bias(s, hills, 1.0).log_weights, 0.0)
    with pytest.raises(ValueError, match="grid of s: no hills; expected lower, upper and spacing"):
        tiwary_parrinello(s, time, hills, 1.0)
    (axis,) = bias_grid(hills, [-1], [1], [0.5])
    np.testing.assert_allclose(axis, [-1, -0.5, 0, 0.5, 1])
    found = tiwary_parrinello(s, time, hills, 1.0, grid=[axis])
    np.testing.assert_allclose(found.log_weights, 0.0, atol=1e-12)


def test_a_restarted_run_that_has_laid_no_hill_yet(tmp_path):
    rows = "".join(f"{t} 0\n" for t in range(5))
    colvar = read_colvar(written(tmp_path, COLVAR + rows + COLVAR + "3.0 0\n3.5 0\n", "COLVAR"))
    hills = read_hills(written(tmp_path, HEAD + hill(1) + hill(2) + hill(4)), colvar)
    # the hill at 4 was laid before the restart from 3 and acts from there on
    np.testing.assert_allclose(
        hills.potential(np.zeros(5), colvar["time"]) * 8 / 7, [0, 0, 1, 3, 3]
    )
    with pytest.raises(ValueError, match="HILLS: holds hills of 1 run, the other file of 2 runs"):
        read_hills(written(tmp_path, HEAD + hill(3.2)), colvar)


def test_hills_and_frames_of_other_runs_are_refused(tmp_path):
    two = COLVAR + "0 0\n4 0\n" + COLVAR + "3 0\n4 0\n"
    colvar = read_colvar(written(tmp_path, two, "COLVAR"))
    text = HEAD + hill(1) + HEAD + hill(2)  # the second run began at 3
    with pytest.raises(ValueError, match=r"HILLS: run 2 has a hill at 2, .* begins at 3"):
        read_hills(written(tmp_path, text), colvar)


def test_a_clock_that_was_set_back_is_not_a_restart(tmp_path):
    rows = "".join(f"{t} 0\n" for t in range(1000))
    text = COLVAR + rows + COLVAR + "0 0\n1 0\n"
    with pytest.raises(ValueError, match=r"COLVAR: run 2 begins at 0, .* 1000 rows before it"):
        read_colvar(written(tmp_path, text, "COLVAR"))
    with pytest.raises(ValueError, match=r"HILLS: run 2 begins at 1, .* 2 rows before it"):
        read_hills(written(tmp_path, HEAD + hill(1) + hill(2) + HEAD + hill(1)))
    # back behind a restart, or to the same one once more, is no reset
    text = COLVAR + "0 0\n1 0\n" + COLVAR + "1 0\n2 0\n" + COLVAR + "1 0\n" + COLVAR + "0.5 1\n"
    assert read_colvar(written(tmp_path, text, "COLVAR"))["time"].tolist() == [0, 0.5]


def test_a_time_that_is_none(tmp_path):
    with pytest.raises(ValueError, match="COLVAR:3: time: found nan, expected a finite number"):
        read_colvar(written(tmp_path, COLVAR + "0 0\nnan 0\n", "COLVAR"))


def test_packed_files(tmp_path):
    text = HEAD + "".join(hill(t, s=np.sin(t)) for t in range(1, 400))
    plain = read_hills(written(tmp_path, text))
    path = tmp_path / "HILLS.gz"
    half = text.index("\n", len(text) // 2) + 1
    path.write_bytes(gzip.compress(text[:half].encode()) + gzip.compress(text[half:].encode()))
    np.testing.assert_array_equal(read_hills(path).centre, plain.centre)
    packed = gzip.compress(text.encode())
    path.write_bytes(packed[: len(packed) // 2])  # killed, or still at work
    found = read_hills(path)
    assert 100 < len(found) < 399 and (found.centre == plain.centre[: len(found)]).all()
    path.write_bytes(packed[:300] + b"\xff" * 50 + packed[350:])
    with pytest.raises(ValueError, match=r"HILLS\.gz: damaged gzip"):
        read_hills(path)


def test_bytes_that_are_no_text(tmp_path):
    path = tmp_path / "HILLS"
    path.write_bytes(b"\x89HDF\r\n\x1a\n\xff\xfe")
    with pytest.raises(ValueError, match="HILLS: not a file of PLUMED's"):
        read_hills(path)
