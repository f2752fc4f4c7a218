"""Transitions of a stream of snapshots, one after the other."""

from __future__ import annotations

import numpy as np


class LagChain:
    """Turns a stream of snapshots into transitions and never steps across a gap.

    Parameters
    ----------
    size : int
        Length K of a snapshot.
    order : int
        Number P of lags.
    stride : int, optional
        Timesteps between consecutive snapshots. If it is not given it is that of the newest two,
        until it has been the same twice in a row. Any other spacing breaks the chain: P snapshots
        must follow before the next transition.
    """

    def __init__(self, size, order=1, stride=None):
        self.size, self.order = int(size), int(order)
        self.stride = 0 if stride is None else int(stride)
        self.sure = self.stride != 0
        self.before = 0  # the last spacing
        self.last = 0
        self.filled = 0
        self.buffer = np.zeros((self.order, self.size))

    def linked(self, step):
        """Whether a snapshot at `step` would continue the chain (before it is pushed)."""
        return self.filled > 0 and self.stride != 0 and int(step) - self.last == self.stride

    def regressor(self, step):
        """[D_n, ..., D_{n-P+1}] (P K,) preceding a snapshot at `step`, or None."""
        if self.filled < self.order or not self.linked(step):
            return None
        return self.buffer.ravel()

    def expect(self, step):
        """Take the stride from a snapshot at `step` while it is not known for sure.

        Returns
        -------
        bool
            Whether another one was taken before: what was linked by that is not.
        """
        gap = int(step) - self.last
        if self.sure or not self.filled or gap <= 0 or gap == self.stride:
            return False
        wrong, self.stride = self.stride != 0, gap
        self.filled = 1  # those before the newest came at another spacing
        return wrong

    def push(self, step, D):
        """Append a snapshot; return the transition z ((P + 1) K,) it completes, or None.

        While the stride is not known for sure, what it gave before may turn out to be none:
        `expect` tells.
        """
        step = int(step)
        self.expect(step)
        past = self.regressor(step)
        if self.linked(step):
            self.sure |= self.before == self.stride
            self.before = self.stride
        z = None if past is None else np.concatenate([past, D])
        if self.filled and not self.linked(step):
            self.filled = 0
        self.buffer[1:] = self.buffer[:-1].copy()
        self.buffer[0] = D
        self.filled = min(self.filled + 1, self.order)
        self.last = step
        return z

    def get_state(self):
        """Arrays from which `set_state` restores the chain exactly."""
        return {
            "chain_ints": np.array(
                [self.stride, self.last, self.filled, self.sure, self.before], dtype=np.int64
            ),
            "chain_buffer": self.buffer.copy(),
        }

    def set_state(self, state):
        """Inverse of `get_state`."""
        ints = [int(v) for v in state["chain_ints"]]
        self.stride, self.last, self.filled = ints[:3]
        # a state of before: its stride was never in question
        self.sure, self.before = (bool(ints[3]), ints[4]) if ints[3:] else (ints[0] != 0, ints[0])
        self.buffer = np.array(state["chain_buffer"], float, order="C")
