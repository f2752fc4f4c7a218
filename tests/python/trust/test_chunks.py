"""M of chunks and which of them stand out: rates of false alarms, size, drift, what is found."""

import numpy as np
import pytest

from dbar.trust import ChunkTrust, Mahalanobis, chunk_map


def system(T=200, n=30, K=5, memory=0.0, seed=0, atoms=(8, 60), drift=0.0):
    """D (T, n, K+1): chunks of several sizes, whose atoms are independent and remember for a while."""
    rng = np.random.default_rng(seed)
    count = rng.integers(*atoms, size=n)
    mix = rng.normal(size=(K, K))
    noise = rng.normal(size=(T, n, K))
    for t in range(1, T):
        noise[t] = memory * noise[t - 1] + np.sqrt(1 - memory**2) * noise[t]
    d = 5.0 + drift * np.arange(T)[:, None, None] / T + noise @ mix / np.sqrt(count)[:, None]
    return np.concatenate([np.full((T, n, 1), 1.0), d], axis=2) * count[:, None]


def test_scores_are_those_of_mahalanobis_of_scaled_means():
    D = system()
    trust = ChunkTrust().fit(D)
    count = D[..., :1]
    mean = D[..., 1:].sum(axis=(0, 1)) / count.sum()
    z = np.sqrt(count / count.mean()) * (D[..., 1:] / count - mean)
    by_hand = Mahalanobis().fit(list(z.swapaxes(0, 1)))
    np.testing.assert_allclose(trust.score(D), by_hand.score(z), rtol=1e-10)
    assert trust.score(D).mean() == pytest.approx(1.0, rel=1e-6)


def test_small_chunks_are_not_stranger_than_large_ones():
    """Without the scale by the number of atoms M of the smallest would be several times as large."""
    D = system(T=400, n=60, atoms=(8, 200))
    M, count = ChunkTrust().fit(D[:200]).score(D[200:]), D[0, :, 0]
    small, large = M[:, count < 40].mean(), M[:, count > 150].mean()
    assert small == pytest.approx(large, rel=0.1)
    d = D[..., 1:] / D[..., :1]
    raw = Mahalanobis().fit(list(d[:200].swapaxes(0, 1))).score(d[200:])
    assert raw[:, count < 40].mean() > 3 * raw[:, count > 150].mean()


@pytest.mark.parametrize("memory", [0.0, 0.9])
@pytest.mark.parametrize("n", [8, 100])
def test_the_stated_rate_of_false_alarms_holds_over_all_chunks(memory, n):
    """Of snapshots with any chunk that stands out. Runs of their own: snapshots that remember come in bursts."""
    shares, bounds = [], []
    for seed in range(40):
        D = system(T=260, n=n, memory=memory, seed=seed)
        found = chunk_map(D, reference=100, rate=0.05)
        shares.append(found.changed[100:].any(axis=1).mean())
        bounds.append(found.bound)
        assert not found.changed[:100].any() and np.isnan(found.p[:100]).all()
    rate, error = np.mean(shares), np.std(shares) / np.sqrt(len(shares))
    assert rate < np.mean(bounds) + 2.5 * error
    assert np.mean(bounds) < (0.06 if memory == 0.0 else 0.4)
    assert rate > 0.01  # the promise is not kept by never saying anything


def test_the_chunk_that_changes_is_named():
    D = system(T=200, n=40)
    D[130:, 17, 1:] += 3.0 * np.sqrt(D[130:, 17, :1])
    found = chunk_map(D, reference=80, persist=3)
    assert 130 <= found.first[17] <= 132
    others = np.delete(found.first, 17)
    assert (others < 0).all()
    assert found.changed[130:, 17].mean() > 0.95


def test_what_all_do_together_is_left_out_where_it_is_asked_for():
    D = system(T=200, n=40, drift=6.0)
    alone = chunk_map(D, reference=80)
    together = chunk_map(D, reference=80, common=True)
    assert alone.changed[150:].mean() > 0.9
    assert together.changed[150:].mean() < 0.01
    D[150:, 5, 1:] += 3.0 * np.sqrt(D[150:, 5, :1])
    assert 150 <= chunk_map(D, reference=80, common=True).first[5] <= 152


def test_chunks_with_few_atoms_say_nothing():
    D = system(T=120, n=20)
    D[:, 3] = 0.0
    D[60:, 4] *= 5.0 / D[60:, 4, :1]
    found = chunk_map(D, reference=50)
    assert np.isnan(found.M[:, 3]).all() and np.isnan(found.M[60:, 4]).all()
    assert np.isfinite(found.M[:60, 4]).all() and np.isfinite(found.M[:, 5:]).all()
    assert found.first[3] == found.first[4] == -1 and not found.changed[60:, 3:5].any()


def test_read_in_pieces(monkeypatch):
    from dbar.trust import chunks

    D = system(T=120, n=20)
    whole = chunk_map(D, reference=50)

    class Rows:
        shape, read = D.shape, []

        def __getitem__(self, key):
            self.read.append(len(D[key]))
            return D[key]

    monkeypatch.setattr(chunks, "_BLOCK", 8 * 20 * 6 * 7)
    pieces = chunk_map(Rows(), reference=50)
    for a, b in zip(whole, pieces, strict=True):
        np.testing.assert_array_equal(a, b)
    assert max(Rows.read[1:]) == 7 and Rows.read[0] == 25


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"reference": 7}, "reference: found 7 snapshots, expected 8 or more and fewer than the 200"),
        ({"reference": 200}, "reference: found 200 snapshots, expected 8 or more and fewer than"),
        ({"reference": 20}, r"rate: found 0.05, expected a number below 1, and 0.1 or more with a"),
        ({"reference": 80, "rate": 1.0}, "rate: found 1.0, expected a number below 1"),
        ({"reference": 80, "persist": 0}, "persist: found 0, expected an integer of 1 or more"),
        ({"reference": 80, "least": 1000}, "0 chunks of the reference have 1000 atoms or more"),
    ],
)  # fmt: skip
def test_bad_words(words, says):
    with pytest.raises(ValueError, match=says):
        chunk_map(system(), **words)


def test_bad_numbers():
    D = system()
    with pytest.raises(ValueError, match="D of chunks has shape"):
        ChunkTrust().fit(D[0])
    for t, value in ((3, np.nan), (60, np.nan), (190, np.inf)):
        wrong = D.copy()
        wrong[t, 4, 2] = value
        says = f"found {value} at snapshot {t}, chunk 4, component 2, expected finite"
        with pytest.raises(ValueError, match=says):
            chunk_map(wrong, reference=80)
    with pytest.raises(ValueError, match=r"persist: found 1\.5, expected an integer"):
        chunk_map(D, reference=80, persist=1.5)
    with pytest.raises(ValueError, match="common: found 2 chunks with 8 atoms or more"):
        chunk_map(D[:, :2], reference=80, common=True)
    D[::2] *= 4.0 / D[::2, :, :1]
    with pytest.raises(ValueError, match="least: found no chunk of the reference with 8 atoms"):
        chunk_map(D, reference=80)


def test_one_that_goes_far_does_not_move_what_is_common():
    """The mean of all would move with it, and every chunk would be named."""
    D = system(T=200, n=27)
    D[130:, 13, 1:] += 300.0 * np.sqrt(D[130:, 13, :1])
    found = chunk_map(D, reference=80, common=True)
    assert 130 == found.first[13] and (np.delete(found.first, 13) < 0).all()
    assert chunk_map(D.tolist(), 80, common=True).first[13] == 130
