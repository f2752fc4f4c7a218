"""The numbers of each figure, from databases."""

from __future__ import annotations

import numpy as np

from dbar.entropy.held_out import HeldOut
from dbar.entropy.sample import Sample
from dbar.entropy.studies import learning
from dbar.entropy.studies.learning import scores

__all__ = ["classes", "defects", "descriptors", "lennard_jones", "random_set", "strains"]

_SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)


def descriptors(samples: dict[str, Sample], labels, vacancies, interstitials, seed: int) -> dict:
    """Figure 2: clusters of one lattice constant by several descriptors, ten folds each."""
    found = {name: one.cross_validation(seed=seed) for name, one in samples.items()}
    some = next(iter(samples.values()))
    counted = np.column_stack([vacancies, interstitials])
    return {
        "configurations": len(some),
        "scores": {name: scores(one) for name, one in found.items()},
        "baselines": {
            "class mean": learning.class_mean(some, labels, seed=seed),
            "counts of defects": some.baseline(counted, seed=seed),
        },
        "points": _points(found[min(found, key=lambda name: found[name].rmse)]),
    }


def strains(sample: Sample, strain: np.ndarray, labels, seed: int) -> dict:
    """Figure 3: all strains with one w, ten folds; and strains that were never seen."""
    one = sample.cross_validation(seed=seed)
    each = strain[one.index]
    everyone, unseen = np.arange(len(sample)), {}
    for value in np.unique(strain):
        rest = strain != value
        unseen[f"{value:g}"] = scores(sample.held_out(everyone[rest], everyone[~rest]))
    return {
        "configurations": len(sample), "scores": {"all strains": scores(one)},
        "by_strain": {
            f"{v:g}": float(np.sqrt(np.mean(one.errors[each == v] ** 2))) for v in np.unique(strain)
        },
        "unseen_strain": unseen,
        "baselines": {
            "class mean": learning.class_mean(sample, labels, seed=seed),
            "class mean and strain": sample.baseline(_with(labels, strain), seed=seed),
        },
        "points": {**_points(one), "strain": each.tolist()},
    }  # fmt: skip


def classes(sample: Sample, labels) -> dict:
    """Figure 4: entropies of formation of each class."""
    rows = {}
    for kind in np.unique(labels):
        values = sample.reference[np.asarray(labels) == kind]
        rows[str(kind)] = {
            "configurations": len(values), "mean": float(values.mean()),
            "std": float(values.std(ddof=1)) if len(values) > 1 else 0.0,
            "values": values.tolist(),
        }  # fmt: skip
    return {"classes": rows}


def defects(database, which) -> dict:
    """Figure 5: how many defects the random cells have, and how near they are to each other."""
    vacancies, interstitials = database.vacancies[which], database.interstitials[which]
    total = vacancies + interstitials
    return {
        "configurations": len(which), "vacancies": vacancies.tolist(),
        "interstitials": interstitials.tolist(), "largest": int(total.max()),
        "conserved": bool(
            np.all(
                interstitials - vacancies
                == (database.interstitials - database.vacancies)[database.parents[which]]
            )
        ),
    }  # fmt: skip


def random_set(candidates: dict[str, Sample], database, splits: int, seed: int, tick) -> dict:
    """Figure 6: random divisions of everything, and what clusters alone say of random cells.

    Which of the descriptors it is, the clusters alone decide.
    """
    parents = database.parents
    clusters, random = np.flatnonzero(parents < 0), np.flatnonzero(parents >= 0)
    chosen = learning.least(candidates, clusters, 10, seed)
    name = min(chosen, key=chosen.get)
    sample = candidates[name]
    sizes = np.unique(np.geomspace(20, len(clusters), 6).astype(int))
    one = sample.held_out(clusters, random)
    # a random cell's parent must not teach: those without relatives among the training clusters
    relatives = _without_parents(sample, parents, clusters, random, seed)
    by_kind = {}
    for kind, many in (
        ("vacancies", database.vacancies),
        ("interstitials", database.interstitials),
    ):
        own = clusters[many[clusters] > 0]
        if len(own) > 20:
            by_kind[f"{kind} only"] = scores(sample.held_out(own, random))
    counted = (database.vacancies, database.interstitials)
    return {
        "descriptor": name, "chosen_by": chosen,
        "all": learning.learning_curve(sample, _SHARES, splits, seed, tick),
        "clusters_to_random": {
            **scores(one), "train": len(clusters), "test": len(random),
            "largest": float(one.reference.max()), "smallest": float(one.reference.min()),
            "rank_correlation_of_grade": learning.rank_correlation(one),
            "others": {n: scores(s.held_out(clusters, random)) for n, s in candidates.items()},
            "without_parents": relatives, "curve": learning.transfer_curve(
                sample, clusters, random, sizes, seed
            ), **by_kind,
        },
        "baselines": {
            "class mean": learning.class_mean(sample, database.labels, seed=seed),
            "counts of defects, clusters to random": learning.counts(
                sample, *counted, clusters, random
            ),
        },
        "points": {**_points(one), "std": one.std.tolist(), "grade": one.grade.tolist()},
    }  # fmt: skip


def lennard_jones(candidates: dict[str, Sample], energies, splits: int, seed: int, tick) -> dict:
    """Figure 7: minima of a cluster of 38 atoms; the first fifth decides on the descriptor."""
    some = next(iter(candidates.values()))
    fifth = np.arange(max(40, len(some) // 5))
    chosen = learning.least(candidates, fifth, 5, seed)
    name = min(chosen, key=chosen.get)
    sample = candidates[name]
    half = np.random.default_rng([seed, 0]).permutation(len(sample))
    one = sample.held_out(half[len(half) // 2 :], half[: len(half) // 2])
    return {
        "configurations": len(sample), "descriptor": name, "chosen_by": chosen,
        "scores": {"half and half": scores(one)},
        "curve": learning.learning_curve(sample, _SHARES, splits, seed, tick),
        "baselines": {
            "mean": sample.baseline(np.zeros((len(sample), 0)), seed=seed),
            "energy alone": sample.baseline(energies, seed=seed),
        },
        "points": _points(one),
    }  # fmt: skip


def _without_parents(sample, parents, clusters, random, seed) -> dict:
    """Half of the clusters teach, random cells made from the other half ask; and the reverse."""
    halves = np.array_split(np.random.default_rng(seed).permutation(clusters), 2)
    parts = []
    for train, other in (halves, halves[::-1]):
        test = random[np.isin(parents[random], other)]
        if len(test):
            parts.append(sample.held_out(train, test))
    return scores(HeldOut.together(parts))


def _points(one: HeldOut) -> dict:
    return {"reference": one.reference.tolist(), "predicted": one.mean.tolist()}


def _with(labels, strain) -> np.ndarray:
    kinds = np.unique(labels)
    return np.column_stack([np.asarray(labels)[:, None] == kinds[None, 1:], strain])
