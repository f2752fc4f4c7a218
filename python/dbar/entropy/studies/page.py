"""A page of a study: for each figure the number of the paper and ours beside it."""

from __future__ import annotations

from dbar.files.kinds import MARKS, Kind

__all__ = ["PAPER", "page"]

# Lapointe et al., Phys. Rev. Materials 4, 063802 (2020), root mean square errors in k_B
PAPER = {
    2: "MEAM, clusters in 1024 sites, 8 to 28 k_B: AFS 0.3, scattering 0.7, bSO4 0.8",
    3: "strains of -1 to 3 %, one w: 0.4",
    4: "EAM, mean and deviation: I2 4.1 and 1.7, I3 5.9 and 2.3, I4 8.0 and 2.4, V4 10.2 and 0.9",
    5: "9016 cells of up to 22 vacancies and 26 interstitials",
    6: "all cells, 100 divisions: 0.8 over 250 k_B, flat to 90 % test; clusters to random 1.53",
    7: "up to 10,000 minima of 38 Lennard-Jones atoms, AFS at 5 sigma: flat to 90 % test",
}
_TITLES = {
    2: "descriptors compared, clusters", 3: "strained cells, one w", 4: "classes of clusters",
    5: "the random cells", 6: "all cells, and clusters to random cells",
    7: "Lennard-Jones minima",
}  # fmt: skip


def page(results: dict) -> str:
    """Markdown of the results of a study, by their numbers."""
    lines = [
        MARKS[Kind.ENTROPY_STUDY_PAGE],
        "",
        "Root mean square errors in k_B, of configurations that were left out. The paper is",
        "C. Lapointe et al., Phys. Rev. Materials 4, 063802 (2020); its cells, potentials and",
        "numbers of configurations are others, so its numbers stand beside ours, not under them.",
        "",
    ]  # fmt: skip
    for number in sorted(results, key=int):
        found = results[number]
        lines += [f"## Figure {number}: {_TITLES[int(number)]}", ""]
        lines += [
            f"![figure {number}](figure{number}.png)",
            "",
            f"Paper: {PAPER[int(number)]}.",
            "",
        ]
        lines += [*_WRITTEN[int(number)](found), ""]
    return "\n".join(lines)


def _table(head: tuple[str, ...], rows) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows]


def _score_rows(named: dict) -> list[tuple]:
    return [
        (n, f"{s['rmse']:.2f}", f"{s['r2']:.3f}", f"{s['slope']:.3f}", _share(s["coverage_90"]))
        for n, s in named.items()
    ]


def _share(value: float) -> str:
    return f"{100 * value:.0f} %"


_HEAD = ("", "RMSE", "R2", "slope", "inside of 90 % bands")


def _scored(found: dict) -> list[str]:
    rows = _score_rows(found["scores"])
    rows += [(name, f"{value:.2f}", "", "", "") for name, value in found["baselines"].items()]
    return [f"{found['configurations']} configurations.", "", *_table(_HEAD, rows)]


def _strains(found: dict) -> list[str]:
    unseen = {f"strain {v} % never seen": s for v, s in found["unseen_strain"].items()}
    each = [(f"strain {v} %", f"{r:.2f}") for v, r in found["by_strain"].items()]
    return [*_scored(found), "", *_table(("ten folds", "RMSE"), each), "",
            *_table(_HEAD, _score_rows(unseen))]  # fmt: skip


def _classes(found: dict) -> list[str]:
    rows = [
        (kind, row["configurations"], f"{row['mean']:.1f}", f"{row['std']:.1f}")
        for kind, row in found["classes"].items()
    ]
    return _table(("class", "configurations", "mean S_f", "deviation"), rows)


def _defects(found: dict) -> list[str]:
    return [
        f"{found['configurations']} cells of up to {max(found['vacancies'])} vacancies and "
        f"{max(found['interstitials'])} interstitials."
    ]


def _random(found: dict) -> list[str]:
    one = found["clusters_to_random"]
    cases = {f"clusters ({one['train']}) to random ({one['test']}), {found['descriptor']}": one}
    cases["no random cell of a training cluster"] = one["without_parents"]
    cases |= {k: one[k] for k in ("vacancies only", "interstitials only") if k in one}
    cases |= {f"the same by {n}": s for n, s in one["others"].items() if n != found["descriptor"]}
    base = [(name, f"{value:.2f}", "", "", "") for name, value in found["baselines"].items()]
    chosen = [(n, f"{value:.2f}") for n, value in found["chosen_by"].items()]
    taught = [(r["train"], f"{r['rmse']:.2f}", f"{r['slope']:.3f}") for r in one["curve"]]
    return [
        *_table(("chosen on clusters alone", "RMSE"), chosen), "",
        *_curve(found["all"]), "", *_table(_HEAD, _score_rows(cases) + base), "",
        f"S_f from {one['smallest']:.1f} to {one['largest']:.1f} k_B; rank correlation of the "
        f"grade and the size of the error {one['rank_correlation_of_grade']:.2f}.", "",
        *_table(("clusters learnt from", "RMSE on random cells", "slope"), taught),
    ]  # fmt: skip


def _minima(found: dict) -> list[str]:
    chosen = [(n, f"{value:.2f}") for n, value in found["chosen_by"].items()]
    return [
        *_scored(found), "", *_table(("chosen on a fifth", "RMSE"), chosen), "",
        *_curve(found["curve"]),
    ]  # fmt: skip


def _curve(rows: list[dict]) -> list[str]:
    found = [
        (_share(r["test_share"]), r["train"], f"{r['rmse']:.2f} +- {r['rmse_std']:.2f}",
         f"{r['r2']:.4f}", _share(r["coverage_90"])) for r in rows
    ]  # fmt: skip
    return _table(("test set", "learnt from", "RMSE", "R2", "inside of 90 % bands"), found)


_WRITTEN = {2: _scored, 3: _strains, 4: _classes, 5: _defects, 6: _random, 7: _minima}
