"""Seven replicas of aluminium sheared to and fro, and what they teach."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)]

from ensemble import Example, main  # noqa: E402

EXAMPLE = Example(
    folder=HERE,
    figures="shear_figures",
    script="in.al-shear",
    replicas=7,
    snapshots=360,
    small_replicas=4,
    small_snapshots=192,
    small={
        "nx": 3,
        "ny": 2,
        "nz": 3,
        "largest": 6,
        "anneal": 0.2,
        "rate": 0.15,
        "every": 25,
        "keep": "every 5",
    },
)


if __name__ == "__main__":
    sys.exit(main(EXAMPLE))
