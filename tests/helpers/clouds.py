"""Points of which the dimension is known."""

import numpy as np


def ball(rng, n, d, embedding=None):
    """Uniform in a ball of d dimensions, in a rotated space of `embedding`."""
    x = rng.standard_normal((n, d))
    x *= rng.random((n, 1)) ** (1 / d) / np.linalg.norm(x, axis=1, keepdims=True)
    if embedding:
        x = x @ np.linalg.qr(rng.standard_normal((embedding, d)))[0].T
    return x
