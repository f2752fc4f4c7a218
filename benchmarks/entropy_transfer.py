"""What clusters of defects in iron say of random cells: databases of several seeds and classes taken together.

Which descriptor it is, the clusters alone decide (ten folds). A cluster of which any random cell was made does not teach.

    python benchmarks/entropy_transfer.py fe.h5 fe-random.h5 fe-more.h5 [--splits 20]

The files are made by `dbar entropy database fe`, all with one potential and strain: docs/theory/entropy-study.md. With
cells of several sizes all are learnt with one w, each against the perfect cell of its size.
"""

import argparse
import json

import numpy as np

from dbar.descriptors import Scattering
from dbar.entropy import EntropyModel, Sample, read_database
from dbar.entropy.studies.descriptors import IRON
from dbar.entropy.studies.learning import (
    counts,
    learning_curve,
    least,
    rank_correlation,
    scores,
    transfer_curve,
)

SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)


class Cells:
    """The configurations of several databases, each cluster once, and which are made of which."""

    def __init__(self, databases):
        rows, family, seen = [], {}, {}
        for number, one in enumerate(databases):
            for k in range(len(one)):
                mine = (number, int(one.groups[k]))
                if one.parents[k] < 0:  # the same cluster may be found by several searches
                    kind = (one.labels[k], round(one.energies[k], 4), round(one.entropies[k], 3))
                    first = seen.setdefault(kind, mine)
                    family[mine] = family[first] if first != mine else len(family)
                    if first != mine:
                        continue
                rows.append((one, k, mine))
        self.atoms = [one.atoms[k] for one, k, _ in rows]
        self.family = np.array([family[mine] for _, _, mine in rows])
        self.random = np.array([one.parents[k] >= 0 for one, k, _ in rows])
        columns = ("entropies", "vacancies", "interstitials", "labels", "sites")
        self.entropies, self.vacancies, self.interstitials, self.labels, self.sites = (
            np.array([getattr(one, name)[k] for one, k, _ in rows]) for name in columns
        )
        self.bulk = list({len(one[0]): one for held in databases for one in held.bulk}.values())
        self.temperature = databases[0].temperature

    def sample(self, descriptor):
        """All of them, for many fits."""
        model = EntropyModel(descriptor)
        return Sample(model, self.atoms, self.entropies, self.bulk, self.temperature)

    def scattering(self, learn, ask):
        """Held-out errors with the global descriptor, of a few only: seconds for each cell."""
        both = np.r_[learn, ask]
        sample = Sample(
            EntropyModel(IRON["AFS(5; 20, 10)"]), [self.atoms[k] for k in both],
            self.entropies[both], self.bulk, self.temperature, Scattering(),
        )  # fmt: skip
        return scores(sample.held_out(np.arange(len(learn)), np.arange(len(learn), len(both))))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+")
    parser.add_argument("--splits", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scattering", type=int, default=0, help="clusters to learn from")
    args = parser.parse_args()
    cells = Cells([read_database(path) for path in args.files])
    samples = {name: cells.sample(one) for name, one in IRON.items()}
    clusters, random = np.flatnonzero(~cells.random), np.flatnonzero(cells.random)
    chosen = least(samples, clusters, 10, args.seed)
    name = min(chosen, key=chosen.get)
    sample = samples[name]
    unrelated = clusters[~np.isin(cells.family[clusters], cells.family[random])]
    one = sample.held_out(unrelated, random)
    kinds = {"vacancies": cells.vacancies, "interstitials": cells.interstitials}
    only = {kind: unrelated[many[unrelated] > 0] for kind, many in kinds.items()}
    found = {
        "clusters": len(clusters), "random": len(random), "chosen_by": chosen, "descriptor": name,
        "range": [float(one.reference.min()), float(one.reference.max())],
        "clusters to random": {
            n: {"all": scores(s.held_out(clusters, random)),
                "unrelated": scores(s.held_out(unrelated, random))}
            for n, s in samples.items()
        },
        "unrelated": len(unrelated), "rank_correlation_of_grade": rank_correlation(one),
        "curve": transfer_curve(
            sample, unrelated, random,
            np.unique(np.geomspace(40, len(unrelated), 6).astype(int)), args.seed,
        ),
        "only": {
            kind: {"train": len(own), **scores(sample.held_out(own, random))}
            for kind, own in only.items() if len(own) > 20
        },
        "counts of defects": counts(
            sample, cells.vacancies, cells.interstitials, unrelated, random
        ),
        "the mean": sample.baseline(np.zeros((len(sample), 0)), seed=args.seed),
        "families left out": scores(sample.cross_validation(seed=args.seed, groups=cells.family)),
        "divisions": learning_curve(sample, SHARES, args.splits, args.seed, lambda *_: None),
    }  # fmt: skip
    sizes = np.unique(cells.sites)
    if len(sizes) > 1:
        found["sizes"] = {
            int(n): scores(sample.held_out(unrelated, random[cells.sites[random] == n]))
            for n in sizes
        }
    if args.scattering:
        learn = np.random.default_rng(args.seed).permutation(unrelated)[: args.scattering]
        ask = random[: args.scattering // 2]
        found["from few clusters"] = {
            "learnt": len(learn), "asked": len(ask), "scattering": cells.scattering(learn, ask),
            name: scores(sample.held_out(learn, ask)),
        }  # fmt: skip
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
