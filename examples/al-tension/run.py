"""Thirty-two replicas of aluminium pulled until it yields, and what they teach."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)]

from ensemble import Example, main  # noqa: E402

EXAMPLE = Example(
    folder=HERE,
    figures="tension_figures",
    script="in.al-tension",
    replicas=32,
    snapshots=150,
    variables={"keep": "every 5"},
    small_replicas=4,
    small_snapshots=100,
    small={
        "nx": 3,
        "ny": 2,
        "nz": 3,
        "largest": 6,
        "anneal": 0.2,
        "rate": 0.03,
        "every": 25,
    },
)


if __name__ == "__main__":
    sys.exit(main(EXAMPLE))
