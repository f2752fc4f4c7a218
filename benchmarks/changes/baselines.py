"""The table of other tests: as they come, and with the setting that does best on the very runs they are scored on.

The best settings are chosen with the answers known, which favours these tests over one whose settings were fixed before. "Best" is the
setting with most events found, then fewest false bursts, then least delay, among those that stay within a number of false bursts per
10^4 quiet snapshots (2, which is what a monitor must show at a stated 1e-4, and 20). The first of each list is the library's default, or,
where there is no library, what one would try first.

- The tests of `ruptures` are offline: they see the whole run and are told the number of changes, events and free windows together. In runs
  in which nothing happens they are told so, and cannot be wrong.
- A line through many snapshots says nothing before it has them; these snapshots count as quiet all the same.
- The structure fraction has to be told which structure comes or goes, and the event window of zr-cool is derived from it.
"""

from functools import partial
from itertools import product

from changes import detectors
from changes.curve import RATES
from changes.judge import interval
from changes.runs import by_kind

ALLOWED = (2.0, 20.0)
COLUMNS = (
    "test", "setting", "sees", "found", "events", "median_delay", "false_bursts",
    "quiet_snapshots", "bursts_per_10k", "bursts_low_10k", "bursts_high_10k",
)  # fmt: skip


def grid(**values):
    """All combinations as dicts; the first of each list is the default and comes first."""
    return [dict(zip(values, row, strict=True)) for row in product(*values.values())]


def tests():
    """{test: (sees, function of (run, **setting), settings)}."""
    out = {
        "single snapshots (before)": (
            "online", detectors.single_snapshots,
            [{"rate": r} for r in (1e-4, *(r for r in RATES if r != 1e-4))],
        ),
        "pe off its line": (
            "online", detectors.off_line, grid(length=(30, 20, 50, 100), k=(4, 3, 5, 6, 8, 10)),
        ),
    }  # fmt: skip
    hinkley = grid(
        threshold=(50.0, 5.0, 10.0, 20.0, 100.0, 200.0),
        delta=(0.005, 0.05, 0.2, 0.5, 1.0, 2.0),
        alpha=(0.9999, 0.99),
    )
    windows = grid(delta=(0.002, 1e-6, 1e-4, 0.02, 0.1, 0.3), clock=(32, 1))
    for name in ("pe", "pc1"):
        ours = partial(detectors.page_hinkley, name=name)
        out[f"Page-Hinkley of {name}"] = ("online", ours, hinkley)
        out[f"ADWIN of {name}"] = ("online", partial(detectors.adwin, name=name), windows)
    costs = grid(model=("l2", "l1", "normal", "rbf"), jump=(5, 1))
    for search, name in product(("Binseg", "Dynp"), ("pe", "pc1", "pc5")):
        ours = partial(detectors.offline, search=search, name=name)
        part = costs if search == "Binseg" else [c for c in costs if c["jump"] == 5]
        out[f"ruptures {search} of {name}"] = ("offline, told the number", ours, part)
    levels = grid(
        rise=(0.5, 0.05, 0.1, 0.2, 0.3, 0.7), fall=(0.5, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.7)
    )
    out["structure fraction"] = ("online, told the structure", detectors.structure, levels)
    return out


def row(test, setting, sees, tally):
    """One row of the table; the last two columns are the exact 95 % Poisson interval."""
    low, high = interval(tally.bursts, tally.quiet)
    values = (
        test, setting, sees, tally.found, tally.events, tally.median_delay, tally.bursts,
        tally.quiet, tally.per_10k, 1e4 * low, 1e4 * high,
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def words(setting):
    """A setting as text."""
    return ", ".join(
        f"{k} {v:g}" if isinstance(v, float) else f"{k} {v}" for k, v in setting.items()
    )


def merit(tally):
    """What is better is larger."""
    delay = tally.median_delay
    return tally.found, -tally.bursts, -delay if delay == delay else 0.0


def table(runs, followed):
    """Rows of all tests: default, and best within each allowed number of false bursts."""
    rows = []
    for test, (sees, alarm, settings) in tests().items():
        tallies = [
            by_kind(runs, [run.judge(alarm(run, **setting)) for run in runs])["all"]
            for setting in followed(settings, test)
        ]
        rows.append(row(test, f"default: {words(settings[0])}", sees, tallies[0]))
        for most in ALLOWED:
            fit = [k for k, tally in enumerate(tallies) if tally.per_10k <= most]
            if fit:
                k = max(fit, key=lambda k: merit(tallies[k]))
                rows.append(row(test, f"best <= {most:g}: {words(settings[k])}", sees, tallies[k]))
            else:
                k = min(range(len(tallies)), key=lambda k: tallies[k].bursts)
                text = f"none <= {most:g}, fewest: {words(settings[k])}"
                rows.append(row(test, text, sees, tallies[k]))
    return rows


def show(rows):
    """The table, in text."""
    print(
        f"{'test':28s}{'setting':66s}{'found':>8s}{'delay':>7s}{'bursts':>8s}{'per 10^4':>10s}  95 %"
    )
    for r in rows:
        found = f"{r['found']}/{r['events']}"
        print(
            f"{r['test']:28s}{r['setting']:66s}{found:>8s}{r['median_delay']:7.1f}"
            f"{r['false_bursts']:8d}{r['bursts_per_10k']:10.1f}  "
            f"{r['bursts_low_10k']:.1f}-{r['bursts_high_10k']:.1f}  {r['sees']}"
        )
