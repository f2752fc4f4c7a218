"""How many past snapshots a forecast needs: the order P by the likelihood of left-out runs."""

from __future__ import annotations

import numpy as np
from figures import BLUE, INK, panels, save

from dbar.study import select_order
from dbar.study.replica_forecast import pooled_latent

ORDERS = (1, 2, 3, 5, 8)
SEED = 1


def figure_orders(X, dim, out, orders=ORDERS):
    """Log-likelihood per transition of held-out runs over P (Fig. 6 of the supplement).

    `X` are descriptors of each run (T, K). The latent space of `dim` components is that of all
    runs, the same for every order; models are fitted without the run that scores them.
    """
    space = pooled_latent(X, dim)
    latent = [space(x) for x in X]
    numbers, curves = {}, {}
    for name, settings in (("ridge", {}), ("least squares", {"prior": None})):
        choice = select_order(latent, orders, random_state=SEED, **settings)
        curves[name] = choice
        numbers[name] = {
            "order": choice.order, "orders": list(choice.orders), "score": choice.score,
            "below_best": choice.score - choice.score.max(), "error": choice.error,
        }  # fmt: skip
    figure, axes = panels(1, 1, width=5.5, height=3.4)
    for (name, choice), color in zip(curves.items(), (BLUE, INK), strict=True):
        best = max(np.max(other.score) for other in curves.values())
        axes[0, 0].errorbar(
            choice.orders, choice.score - best, choice.error, fmt="o-", ms=4, color=color,
            label=name, capsize=2,
        )  # fmt: skip
    axes[0, 0].set_xlabel("order P (snapshots)")
    axes[0, 0].set_ylabel("log-likelihood per transition of\nheld-out runs, less the best (nats)")
    axes[0, 0].set_xticks(list(orders))
    axes[0, 0].legend(fontsize=8)
    save(figure, out, "orders")
    return numbers | {"dimension": space.dim}
