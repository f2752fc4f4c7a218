"""The network of packets: symmetry, derivatives, a law in closed form that it learns, its files."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from ase.build import bulk
from safetensors.torch import load_file, save_file
from scipy.spatial.transform import Rotation

from dbar.files.kinds import Kind, kind_of
from dbar.gpp.network.file import (
    About,
    read_network,
    read_training,
    write_network,
    write_training,
)
from dbar.gpp.network.labels import Labels
from dbar.gpp.network.model import PacketNetwork, tensors
from dbar.gpp.network.sampling import shaken_sites
from dbar.gpp.network.settings import NetworkSettings
from dbar.gpp.network.stars import Stars
from dbar.gpp.network.training import Training, errors_of

SETTINGS = NetworkSettings(("Cu", "Ni"), 3.2, features=8, layers=2, neighbours=12.0)
ABOUT = About("a gaussian", (100.0, 500.0), 320, [])


def sites(number=320, seed=0):
    crystal = bulk("Cu", a=3.63)
    rng = np.random.default_rng(seed)
    return shaken_sites(crystal, [0.01], ["Cu", "Ni"], 3.2, number, 0.08, 0.25, rng)


def of_gaussian(stars, width=1.0):
    """Averages of sum_j exp(-r_ij^2 / 2 w^2): a Gaussian of the variance w^2 + s_i + s_j."""
    total = width**2 + stars.variances[stars.sites] + stars.neighbour_variances
    square = np.sum(stars.vectors**2, axis=1)
    pair = (width**2 / total) ** 1.5 * np.exp(-square / (2 * total))
    by_variance = pair * (square / (2 * total**2) - 1.5 / total)

    def of_sites(values):
        return np.bincount(stars.sites, values, len(stars))

    vectors = -(pair / total)[:, None] * stars.vectors
    return Labels(of_sites(pair), vectors, of_sites(by_variance), by_variance)


@pytest.fixture(scope="module")
def data():
    stars = sites()
    return stars, of_gaussian(stars)


def training(data, **options):
    stars, labels = data
    settings = replace(
        SETTINGS, variance_rms=float(np.sqrt(np.mean(stars.variances**2))),
        energy_mean=float(labels.energies.mean()), energy_std=float(labels.energies.std()),
    )  # fmt: skip
    torch.manual_seed(0)
    return Training(PacketNetwork(settings), stars, labels, **options)


def test_the_labels_are_right():
    """The closed form against Gauss-Hermite quadrature, and its slopes against differences."""
    stars = sites(2)
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    weights = weights / weights.sum()
    total = np.sqrt(stars.variances[stars.sites] + stars.neighbour_variances)
    one = [
        np.exp(-((stars.vectors[:, [k]] + total[:, None] * nodes) ** 2) / 2) @ weights
        for k in range(3)
    ]
    expected = np.bincount(stars.sites, np.prod(one, axis=0))
    labels = of_gaussian(stars)
    np.testing.assert_allclose(labels.energies, expected, rtol=1e-12)
    step = np.zeros_like(stars.vectors)
    step[3, 1] = 1e-5
    up, down = (
        of_gaussian(replace(stars, vectors=stars.vectors + sign * step)).energies.sum()
        for sign in (1, -1)
    )
    assert (up - down) / 2e-5 == pytest.approx(labels.vectors[3, 1], rel=1e-6)


def test_sites_are_shaken_as_asked():
    stars = sites(4000)
    assert len(stars) == 4000 and stars.start[-1] == len(stars.vectors)
    assert np.linalg.norm(stars.vectors, axis=1).max() < 3.2
    spread = np.log(stars.variances / 0.01) / 2
    assert np.std(spread) == pytest.approx(0.25, rel=0.05)  # 4000 draws: 1 %
    assert np.mean(spread) == pytest.approx(0, abs=0.02)
    nearest = stars.vectors[np.abs(np.linalg.norm(stars.vectors, axis=1) - 2.567) < 0.6]
    along = np.abs(nearest).max(axis=1)  # both components of <110> / 2
    assert np.std(nearest[:, 0][nearest[:, 0] > 1]) < 0.14 and along.min() > 1  # sqrt(2) 0.08


def test_parts_of_batches():
    stars = sites(20)
    again = Stars.joined([stars.part([k]) for k in range(20)])
    for name in ("species", "variances", "start", "vectors", "neighbour_variances"):
        np.testing.assert_array_equal(getattr(again, name), getattr(stars, name))
    picked = stars.part([7, 3])
    np.testing.assert_array_equal(picked.vectors[: picked.start[1]],
                                  stars.vectors[stars.start[7]: stars.start[8]])  # fmt: skip


def test_turned_mirrored_and_reordered():
    """Energies stay to rounding, slopes turn along."""
    network, stars = PacketNetwork(SETTINGS, torch.float64), sites(6)
    energies, slopes, *_ = (
        one.numpy() for one in network.derivatives(tensors(stars, torch.float64))
    )
    turn = -Rotation.random(random_state=0).as_matrix()
    turned = replace(stars, vectors=stars.vectors @ turn.T)
    found, moved, *_ = (one.numpy() for one in network.derivatives(tensors(turned, torch.float64)))
    np.testing.assert_allclose(found, energies, atol=1e-12)
    np.testing.assert_allclose(moved, slopes @ turn.T, atol=1e-12)
    order = np.concatenate(
        [np.random.default_rng(k).permutation(np.arange(*stars.start[k : k + 2])) for k in range(6)]
    )
    shuffled = replace(
        stars, vectors=stars.vectors[order], neighbour_variances=stars.neighbour_variances[order]
    )
    found = network.energies(tensors(shuffled, torch.float64)).detach().numpy()
    np.testing.assert_allclose(found, energies, atol=1e-12)
    assert np.ptp(energies) > 0.01


@pytest.mark.parametrize("name", ["vectors", "variances", "neighbour_variances"])
def test_slopes_are_differences(name):
    network, stars = PacketNetwork(SETTINGS, torch.float64), sites(3)
    batch = tensors(stars, torch.float64)
    names = ("vectors", "variances", "neighbour_variances")
    slopes = dict(zip(names, network.derivatives(batch)[1:], strict=True))[name]
    direction = torch.as_tensor(np.random.default_rng(0).normal(size=slopes.shape))
    step = 1e-6 if name == "vectors" else 1e-8
    up, down = (
        network.energies({**batch, name: batch[name] + sign * step * direction}).sum().item()
        for sign in (1, -1)
    )
    assert (up - down) / (2 * step) == pytest.approx((slopes * direction).sum().item(), rel=1e-5)


def test_species_count():
    network, stars = PacketNetwork(SETTINGS, torch.float64), sites(3)
    nickel = replace(stars, species=np.ones_like(stars.species))
    first, second = (
        network.energies(tensors(one, torch.float64)).detach().numpy() for one in (stars, nickel)
    )
    assert np.abs(first - second).min() > 1e-4


def test_it_learns(data):
    """25 epochs take more than half of the spread of energies, on sites it has not seen."""
    learning = training(data, rate=0.02)
    for _ in range(25):
        learning.run_epoch()
    fresh = sites(200, seed=5)
    labels = of_gaussian(fresh)
    found = errors_of(learning.network, fresh, labels)
    assert found.energy[1] < 0.5 * np.std(labels.energies)
    assert found.force[1] < 0.5 * np.std(labels.vectors)


def test_goes_on_as_if_it_had_not_stopped(data, tmp_path):
    whole, halves = training(data), training(data)
    for _ in range(4):
        whole.run_epoch()
    for _ in range(2):
        halves.run_epoch()
    write_training(tmp_path / "t.safetensors", halves, ABOUT)
    again, about = read_training(tmp_path / "t.safetensors", *data)
    assert about == ABOUT
    for _ in range(2):
        again.run_epoch()
    assert again.history == whole.history
    for one, other in zip(again.network.parameters(), whole.network.parameters(), strict=True):
        assert torch.equal(one, other)
    best, _ = read_network(tmp_path / "t.safetensors", torch.float32)
    for name, value in best.state_dict().items():
        assert torch.equal(value, halves.best_weights[name])


def test_file(data, tmp_path):
    path = tmp_path / "network.safetensors"
    network = training(data).network
    write_network(path, network, ABOUT)
    assert kind_of(path) is Kind.PACKET_NETWORK
    again, about = read_network(path)
    assert about == ABOUT and again.settings == network.settings
    batch = sites(4)
    single = network.energies(tensors(batch)).detach().numpy()
    double = again.energies(tensors(batch, torch.float64)).detach().numpy()
    np.testing.assert_allclose(double, single, atol=1e-5 * network.settings.energy_std)
    with pytest.raises(ValueError, match="training: found None, expected a file of a training"):
        read_training(path, *data)


@pytest.fixture
def written(data, tmp_path):
    path = tmp_path / "network.safetensors"
    write_network(path, training(data).network, ABOUT)
    return path


def test_damaged(written):
    whole = written.read_bytes()
    for size in (0, 4, 100, len(whole) - 1):
        written.write_bytes(whole[:size])
        with pytest.raises(ValueError, match="not a file of a network"):
            read_network(written)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": "dbar-potential/1"}, "schema: found 'dbar-potential/1', expected 'dbar-packet"),
        ({"settings": {"species": ["Cu"]}}, "settings: cutoff: found nothing"),
        ({"about": {}}, "about: potential: found nothing"),
    ],
)
def test_other_words(written, change, message):
    held = load_file(written)
    from safetensors import safe_open

    with safe_open(written, framework="pt") as file:
        content = json.loads(file.metadata()["dbar"])
    save_file(held, written, metadata={"dbar": json.dumps({**content, **change})})
    with pytest.raises(ValueError, match=message):
        read_network(written)


@pytest.mark.parametrize("value", [None, float("nan")])
def test_other_weights(written, value):
    from safetensors import safe_open

    held = load_file(written)
    with safe_open(written, framework="pt") as file:
        metadata = file.metadata()
    if value is None:
        del held["network.readout.bias"]
    else:
        held["network.readout.bias"][0] = value
    save_file(held, written, metadata=metadata)
    with pytest.raises(ValueError, match=r"network\.readout\.bias: found"):
        read_network(written)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"species": "Cu"}, "species: found 'Cu', expected a list"),
        ({"features": 0}, "features: found 0, expected an integer from 1"),
        ({"cutoff": -1.0}, r"cutoff: found -1\.0, expected a number above 0"),
        ({"energy_std": float("nan")}, "energy_std: found nan"),
    ],
)
def test_settings(words, message):
    with pytest.raises(ValueError, match=message):
        NetworkSettings(**{"species": ("Cu",), "cutoff": 4.5, **words})
