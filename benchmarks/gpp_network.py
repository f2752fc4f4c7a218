"""What networks of packets have learnt: errors on fresh sites, at temperatures they know and above, and their histories.

Networks are those of `dbar gpp train cu-efs -o FILE`. Sites are drawn anew (seed 1000), 500 at each temperature; above
what was learnt stand 600, 700 and 800 K. The paper's network for copper (5e5 sites): MAE 0.613 meV, 0.110 meV/A,
0.764 meV/A^2; RMSE 0.749, 0.237, 1.46.

    python benchmarks/gpp_network.py FILE.safetensors ... [--sites 500]
"""

import argparse
import warnings
from dataclasses import replace

import torch
from rich.console import Console
from rich.table import Table

from dbar.gpp import load_potential
from dbar.gpp.network import Plan, errors_of, make_sites, read_network

CONSOLE = Console(width=140)
torch.set_num_threads(1)
RANGES = {"100-500": (100, 200, 300, 400, 500), "600": (600,), "700": (700,), "800": (800,)}


def data(potential, sites):
    """Fresh sites of each range, and their exact averages."""
    plan = Plan(seed=1000)
    return {
        name: make_sites(
            potential, replace(plan, temperatures=temperatures, sites=sites * len(temperatures))
        )
        for name, temperatures in RANGES.items()
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+")
    parser.add_argument("--sites", type=int, default=500, help="at each temperature")
    args = parser.parse_args()
    held = data(load_potential("cu-efs"), args.sites)
    table = Table(title="MAE / RMSE", box=None, title_justify="left")
    for head in ("network", "sites", "epochs", "K", "meV", "meV/A", "meV/A^2"):
        table.add_column(head, justify="right")
    for file in args.files:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            network, about = read_network(file, torch.float32)
        for number, (name, (stars, labels)) in enumerate(held.items()):
            found = errors_of(network, stars, labels)
            kinds = (found.energy, found.force, found.thermal)
            words = [file, str(about.sites), str(len(about.history))] if not number else [""] * 3
            table.add_row(*words, name, *(f"{1e3 * a:.3g} / {1e3 * b:.3g}" for a, b in kinds))
    CONSOLE.print(table)


if __name__ == "__main__":
    main()
