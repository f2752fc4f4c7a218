"""Databases of Lennard-Jones minima: what is found, what is stored, and going on after any end."""

import json
import os
import signal
import sys
import tempfile
from itertools import combinations

import numpy as np
import pytest
from ase import Atoms

from dbar.cli import main
from dbar.console import signals
from dbar.descriptors import AFS
from dbar.entropy import (
    EntropyModel,
    ReferenceCalculator,
    lennard_jones_database,
    read_database,
    reference,
)
from dbar.entropy.database_file import DatabaseFile
from dbar.entropy.lennard_jones import energy_and_gradient, minimum, second_derivatives, walk
from dbar.files.kinds import Kind, kind_of
from harness import on_small_disk
from lennard_jones import icosahedron, pair

# all minima of seven atoms: D. J. Wales, Energy Landscapes (2003); C. J. Tsai and K. D. Jordan, J. Phys. Chem. 97,
# 11227 (1993), have as many
SEVEN = [-16.505384, -15.935043, -15.593211, -15.533060]


@pytest.fixture(scope="module")
def ten(tmp_path_factory):
    """Sixteen minima of ten atoms."""
    path = tmp_path_factory.mktemp("ten") / "ten.h5"
    assert lennard_jones_database(path, 16, atoms=10, seed=5) == 0
    return path


def test_energy_and_derivatives():
    """Against a loop over pairs, and differences of the energy."""
    x = icosahedron().positions + np.random.default_rng(1).normal(size=(13, 3)) * 0.05
    energy, gradient = energy_and_gradient(x)
    pairs = [np.linalg.norm(x[i] - x[j]) for i, j in combinations(range(13), 2)]
    assert energy == pytest.approx(sum(pair(r)[0] for r in pairs), rel=1e-12)
    h, matrix = 1e-5, second_derivatives(x)
    for k in (0, 17, 38):
        step = np.zeros(39)
        step[k] = h
        (up, above), (down, below) = (
            energy_and_gradient(x + s * step.reshape(13, 3)) for s in (1, -1)
        )
        assert (up - down) / (2 * h) == pytest.approx(gradient.ravel()[k], abs=1e-6)
        difference = (above - below).ravel() / (2 * h)
        np.testing.assert_allclose(matrix[k], difference, atol=1e-7 * np.abs(matrix).max())


def test_minimum_is_that_of_lammps():
    """The icosahedron, shaken: energy as published, determinant as by differences of forces."""
    found = minimum(icosahedron().positions)
    assert found.energy == pytest.approx(
        -44.326801, abs=1e-6
    )  # Hoare and Pal, Adv. Phys. 20, 161 (1971)
    other = reference(Atoms("Ar13", found.positions), "lj/cut 100", "* * 1 1", units="lj")
    assert other.energy == pytest.approx(found.energy, abs=1e-10)
    assert other.log_det == pytest.approx(found.log_det, abs=1e-7)
    apart = np.concatenate([found.positions, found.positions + np.array([40.0, 0.0, 0.0])])
    assert minimum(apart) is None  # two clusters are no cluster


@pytest.mark.shared
def test_minima_of_lj38(shared_data):
    minima = np.load(shared_data / "lj38" / "lj38_minima.npz")
    for k in (0, 1, 20, 50):
        shaken = minima["coords"][k] + 1e-3 * np.random.default_rng(k).normal(size=(38, 3))
        found = minimum(shaken)
        assert found.energy == pytest.approx(minima["energy"][k], abs=1e-9)
        # those published are relaxed less: determinants move by up to 1.4e-5
        assert found.log_det == pytest.approx(minima["logdet_hess"][k], abs=3e-5)


def test_walk_is_a_function_of_its_number():
    def energies(*words):
        return [None if one is None else one.energy for one in walk(10, *words, 12)]

    assert energies(0, 3) == energies(0, 3) != energies(0, 4)
    assert energies(0, 3) != energies(1, 3)


def test_walk_past_a_matrix_that_divide_and_conquer_gives_up():
    """Whether it does depends on LAPACK; with OpenBLAS 0.3 this walk of LJ38 met one."""
    assert sum(1 for _ in walk(38, 0, 710, 40)) == 40


def test_all_minima_of_seven_atoms(tmp_path, monkeypatch):
    """Not one more, in whatever order; who asks for a fifth is told, and has the four."""
    module = sys.modules["dbar.entropy.lennard_jones_search"]
    monkeypatch.setattr(module, "_FRUITLESS", 4)
    path = tmp_path / "seven.h5"
    with pytest.raises(ValueError, match=r"seven.h5: minima: found 4 of 7 atoms.*expected 5"):
        lennard_jones_database(path, 5, atoms=7)
    found = read_database(path)
    np.testing.assert_allclose(np.sort(found.energies), SEVEN, atol=2e-6)


def test_content(ten):
    """What is read is what a reference of the same positions says, and no two are the same."""
    found = read_database(ten)
    assert len(found) == 16 and found.bulk == [] and found.temperature is None
    assert kind_of(ten) is Kind.ENTROPY_DATABASE
    assert set(found.labels) == {"LJ10"} and set(found.zero_modes) == {6}
    assert np.array_equal(found.groups, np.arange(16)) and set(found.parents) == {-1}
    assert found.settings["pair_style"] == "lj/cut 100" and found.settings["seed"] == 5
    with ReferenceCalculator("lj/cut 100", "* * 1 1", units="lj") as calculator:
        again = {k: calculator(found[k][0]) for k in (0, 7, 15)}
    for k, other in again.items():
        assert other.energy == pytest.approx(found.energies[k], abs=1e-10)
        assert other.log_det == pytest.approx(found.log_dets[k], abs=1e-7)
        assert found[k][1] == -0.5 * found.log_dets[k] == found.entropies[k]
    assert [e for _, e in found] == found.entropies.tolist() and len(found[3:9]) == 6
    order = np.argsort(found.energies)
    gaps = np.diff(found.energies[order])
    assert np.all((gaps > 1e-6) | (np.abs(np.diff(found.log_dets[order])) > 1e-4))


def test_temperature(ten, tmp_path):
    """The same minima; entropies at a temperature add the rest."""
    path = tmp_path / "warm.h5"
    lennard_jones_database(path, 3, atoms=10, seed=5, temperature=0.2)
    warm, cold = read_database(path), read_database(ten)
    np.testing.assert_array_equal(warm.log_dets, cold.log_dets[:3])
    gaps = warm.entropies - cold.entropies[:3]  # 24 modes each, whatever they are
    np.testing.assert_allclose(gaps, gaps[0], atol=1e-9)
    assert warm.temperature == 0.2 and gaps[0] > 10


def test_a_model_learns_from_it(ten):
    found = read_database(ten)
    model = EntropyModel(AFS(2.5, nmax=2, lmax=1)).fit(found.atoms, found.entropies)
    assert np.isfinite(model.predict(found.atoms)).all()


def child(path, say):
    """A process that makes the database; each step of its search is a byte in a pipe."""
    pid = os.fork()
    if pid:
        return pid
    try:
        tempfile.tempdir = str(path.parent)
        lennard_jones_database(path, 16, atoms=10, seed=5, progress=lambda *_: os.write(say, b"."))
    finally:
        os._exit(0)


def test_killed_at_twenty_moments(ten, tmp_path):
    """kill -9 anywhere, twenty times: the file is always one that can be read, and at last that of ten."""
    path, rng, sizes = tmp_path / "killed.h5", np.random.default_rng(0), []
    whole = read_database(ten)
    for _ in range(20):
        listen, say = os.pipe()
        pid = child(path, say)
        os.close(say)
        for _ in range(int(rng.integers(1, 90))):  # a walk of 40 steps begins anew
            if not os.read(listen, 1):
                break
        signal.pthread_sigmask(signal.SIG_BLOCK, [])  # a moment that no step marks
        for _ in range(int(rng.integers(0, 20000))):
            pass
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(listen)
        if path.exists():
            found = read_database(path)
            sizes.append(len(found))
            np.testing.assert_array_equal(found.energies, whole.energies[: len(found)])
    assert sizes == sorted(sizes) and len(set(sizes)) > 2
    assert lennard_jones_database(path, 16, atoms=10, seed=5) == sizes[-1]
    assert path.read_bytes() == ten.read_bytes()
    assert not [one for one in tmp_path.iterdir() if one.suffix == ".part"]


def test_signal_ends_it_and_the_next_call_goes_on(ten, tmp_path, capsys):
    path = tmp_path / "stopped.h5"
    words = ["entropy", "database", "lj38", "-o", str(path), "--atoms", "10", "--seed", "5"]
    seen = []

    def progress(done, total):
        seen.append(done)
        if done == 7:
            os.kill(os.getpid(), signal.SIGINT)
        signals.check()

    with signals.listening(), pytest.raises(signals.Interrupted):
        lennard_jones_database(path, 16, atoms=10, seed=5, progress=progress)
    assert len(read_database(path)) == 7 and seen[-1] == 7
    assert sorted(one.name for one in tmp_path.iterdir()) == ["stopped.h5"]
    assert main([*words, "--minima", "12", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["made"], answer["reused"], answer["labels"]) == (5, 7, {"LJ10": 12})
    assert answer["cost"]["seconds"] > answer["cost"]["seconds_each"] > 0
    assert main([*words, "--minima", "16"]) == 0  # more may be asked for
    shown = capsys.readouterr().out
    assert "16 minima (16 LJ10), 12 of them were there already" in shown and "core-hours" in shown
    assert path.read_bytes() == ten.read_bytes()


def run(*words):
    return main(["entropy", "database", "lj38", *map(str, words)])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-o", "a.h5", "--minima", 0], "minima: found 0, expected an integer from 1 on"),
        (["-o", "a.h5", "--minima", -4], "minima: found -4, expected an integer from 1 on"),
        (["-o", "a.h5", "--minima", 4, "--atoms", 3], "atoms: found 3, expected an integer from 4"),
        (["-o", "a.h5", "--minima", 4, "--seed", -1], "seed: found -1, expected an integer from 0"),
        (["-o", "a.h5", "--minima", 4, "--temperature", 0], "temperature: found 0.0, expected a"),
        (["-o", "a.json", "--minima", 4], "a.json: expected a name ending in .h5"),
        (["-o", "none/a.h5", "--minima", 4], "none/a.h5: cannot be written"),
        (["-o", "notes.h5", "--minima", 4], "notes.h5: is a file that dbar did not write"),
        (["-o", "cut.h5", "--minima", 4], "cut.h5: is a file that dbar did not write"),
        (["-o", "flipped.h5", "--minima", 4], "flipped.h5: no complete database of configurations"),
        (
            ["-o", "ten.h5", "--minima", 16, "--seed", 5],
            "ten.h5: atoms: found 10 in the file, expected 38",
        ),
        (
            ["-o", "ten.h5", "--minima", 16, "--atoms", 10],
            "ten.h5: seed: found 5 in the file, expected 0",
        ),
        (
            ["-o", "ten.h5", "--minima", 16, "--atoms", 10, "--seed", 5, "--temperature", 2],
            "ten.h5: temperature: found (none) in the file, expected 2",
        ),
        (
            ["-o", "ten.h5", "--minima", 9, "--atoms", 10, "--seed", 5],
            "minima: found 9, expected 16 or",
        ),
    ],
)
def test_refused(ten, tmp_path, capsys, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    content = ten.read_bytes()
    (tmp_path / "ten.h5").write_bytes(content)
    (tmp_path / "cut.h5").write_bytes(content[: len(content) // 2])
    at = content.index(read_database(ten).energies.tobytes())
    flipped = content[: at + 3] + bytes([content[at + 3] ^ 1]) + content[at + 4 :]
    (tmp_path / "flipped.h5").write_bytes(flipped)
    (tmp_path / "notes.h5").write_text("nothing")
    before = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
    assert run(*words, "--json") == 1
    out, err = capsys.readouterr()
    assert message in json.loads(out)["error"] and message in err
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == before


def test_reading_what_is_none(ten, tmp_path):
    for name, content in (("text.h5", b"nothing"), ("cut.h5", ten.read_bytes()[:5000])):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=f"{name}: no complete database of configurations"):
            read_database(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        read_database(tmp_path / "none.h5")


def test_one_writer_at_a_time(ten, tmp_path):
    path = tmp_path / "ten.h5"
    path.write_bytes(ten.read_bytes())
    settings = read_database(path).settings
    with DatabaseFile(path, settings):
        with pytest.raises(OSError, match=r"ten.h5: is being written by process \d+"):
            DatabaseFile(path, settings)
    with DatabaseFile(path, settings) as file:
        assert len(file.held.records) == 16


def test_full_disk(tmp_path):
    """One error; what was there before the disk was full can be read, and goes on elsewhere."""
    words = [sys.executable, "-m", "dbar.cli", "entropy", "database", "lj38", "-o", "there/a.h5"]
    words += ["--atoms", "13", "--minima", "60", "--json"]
    outcome = on_small_disk(tmp_path, 64, words)
    assert outcome.returncode == 1
    answer = json.loads(next(x for x in outcome.output.splitlines() if x.startswith("{")))
    assert not answer["ok"] and "o space left" in answer["error"], answer
    assert os.listdir(tmp_path / "kept") == ["a.h5"]
    held = len(read_database(tmp_path / "kept" / "a.h5"))
    assert 0 < held < 60
