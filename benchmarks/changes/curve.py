"""Events found against false bursts, as the stated rate of false alarms goes from 1e-5 to 1e-2."""

import csv

import numpy as np

from changes.judge import interval

RATES = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2)
COLUMNS = (
    "test", "stated_rate", "found", "events", "median_delay", "false_bursts", "quiet_snapshots",
    "bursts_per_10k", "bursts_low_10k", "bursts_high_10k",
)  # fmt: skip


def row(test, rate, tally):
    """One row of the table; the last two columns are the exact 95 % Poisson interval."""
    low, high = interval(tally.bursts, tally.quiet)
    return dict(
        zip(
            COLUMNS,
            (
                test, rate, tally.found, tally.events, tally.median_delay, tally.bursts, tally.quiet,
                tally.per_10k, 1e4 * low, 1e4 * high,
            ),
            strict=True,
        )
    )  # fmt: skip


def show(rows):
    """The table, in text."""
    print(
        f"{'test':26s}{'stated':>8s}{'found':>10s}{'delay':>7s}{'bursts':>9s}{'per 10^4':>10s}  95 %"
    )
    for r in rows:
        found, part = f"{r['found']}/{r['events']}", f"{r['false_bursts']}"
        print(
            f"{r['test']:26s}{r['stated_rate']:8.0e}{found:>10s}{r['median_delay']:7.1f}{part:>9s}"
            f"{r['bursts_per_10k']:10.1f}  {r['bursts_low_10k']:.1f}-{r['bursts_high_10k']:.1f}"
        )


def write_csv(rows, path):
    """Rows of equal keys as CSV."""
    with open(path, "w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def plot(rows, path):
    """Left: found against false bursts; right: false bursts against what is stated."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, (power, level) = plt.subplots(1, 2, figsize=(9.5, 4.2), layout="constrained")
    least = 1e4 / rows[0]["quiet_snapshots"]
    for k, test in enumerate(dict.fromkeys(r["test"] for r in rows)):
        part = [r for r in rows if r["test"] == test]
        bursts = np.array([r["bursts_per_10k"] for r in part])
        share = np.array([100.0 * r["found"] / max(r["events"], 1) for r in part])
        rates = np.array([r["stated_rate"] for r in part])
        ends = np.array([[r["bursts_low_10k"], r["bursts_high_10k"]] for r in part]).T
        power.plot(bursts, share, "o-", color=f"C{k}", label=test)
        for x, y, rate in zip(bursts, share, rates, strict=True):
            power.annotate(f"{rate:.0e}", (x, y), (4, 4), textcoords="offset points", fontsize=6)
        level.errorbar(
            rates, bursts, np.abs(ends - bursts), fmt="o-", color=f"C{k}", capsize=2, label=test
        )
    level.plot(rates, 1e4 * rates, "k:", lw=1, label="as stated")
    for axis in (power.set_xscale, level.set_yscale):
        axis("symlog", linthresh=least)
    level.set_xscale("log")
    power.set(xlabel="false bursts per $10^4$ quiet snapshots", ylabel="events found (%)")
    power.set_ylim(-3, 107)
    power.set_xlim(-0.3 * least, 2.0 * max(r["bursts_per_10k"] for r in rows) + least)
    level.set_ylim(bottom=0)
    level.set(
        xlabel="stated false alarms per snapshot",
        ylabel="false bursts per $10^4$ quiet snapshots",
    )
    power.legend(loc="lower right", fontsize=8)
    level.legend(loc="upper left", fontsize=8)
    figure.savefig(path, dpi=150)
    plt.close(figure)
