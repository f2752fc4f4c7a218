"""An observer of one's own: learn twenty snapshots, then say how far each new one is from them."""

import numpy as np

LEARN = 20  # snapshots that define what is ordinary
LIMIT = 60.0  # mean distance in standard deviations; a hot crystal reaches 40, the melt more

ordinary = []


def watch(step, D, thermo):
    """Called on rank 0 for every snapshot; what it returns becomes the state of the fix."""
    x = D[1:] / D[0]  # sums per atom
    if len(ordinary) < LEARN:
        ordinary.append(x)
        return 0
    mean, spread = np.mean(ordinary, axis=0), np.std(ordinary, axis=0)
    distance = np.mean(np.abs(x - mean) / spread)
    if distance < LIMIT:
        return 1
    print(f"step {step}: {thermo['temp']:.0f} K, {distance:.0f} standard deviations away")
    return 3
