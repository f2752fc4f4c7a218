"""Twelve platinum particles quenched from the melt and annealed, and what they teach."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)]

from ensemble import Example, main  # noqa: E402

EXAMPLE = Example(
    folder=HERE,
    figures="anneal_figures",
    script="in.pt-anneal",
    replicas=12,
    snapshots=240,
    small_replicas=4,
    small_snapshots=120,
    small={"radius": 8.0, "prepare": 0.1, "anneal": 6, "every": 25},
)


if __name__ == "__main__":
    sys.exit(main(EXAMPLE))
