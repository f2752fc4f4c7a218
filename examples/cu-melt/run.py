"""Six copper crystals heated until they melt, and what the monitor said of it."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)]

from ensemble import Example, main  # noqa: E402

EXAMPLE = Example(
    folder=HERE,
    figures="melt_figures",
    script="in.cu-melt",
    replicas=6,
    snapshots=250,
    small_replicas=2,
    small_snapshots=160,
    small={"cells": 4, "rest": 2, "ramp": 5, "hold": 1, "hottest": 3000, "every": 25},
    least=1,
)


if __name__ == "__main__":
    sys.exit(main(EXAMPLE))
