"""Online monitor: judge each snapshot by what was learnt before it, then learn from it.

Two questions are kept apart (docs/theory/trust.md). *Known?* M of the snapshot under the newest
model, and tau_pred. *Changed?* A sequential test on the snapshots themselves
(`dbar.trust.change`). After a confirmed change a new regime is learnt from its first snapshot on.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from threadpoolctl import ThreadpoolController

from dbar.online import saved
from dbar.online.arrays import features
from dbar.online.config import MonitorConfig
from dbar.online.decision import ALARM, LEARNING, TRUSTED, WARNING, Decision
from dbar.online.frozen import FrozenModel
from dbar.online.regimes import Regimes, mean_m
from dbar.statistics.chain import LagChain
from dbar.statistics.moments import LaggedMoments
from dbar.trust.brought import BroughtTest, root_of
from dbar.trust.change import GAP, ChangeTest

__all__ = ["Monitor"]

_PRIOR_WEIGHT = 10.0  # snapshots of unit innovation assumed before any is seen
_CLIP = 3.0  # one surprise may not teach the inflation more than this
_CONFIRM = 3  # snapshots beyond the level, among the newest GAP, that confirm a change


class Monitor:
    """Learns a run while it goes on and says how far its forecast can be trusted.

    Parameters
    ----------
    config : MonitorConfig, dict, path of a TOML file, or None
        See `dbar.online.MonitorConfig`.
    stride : int, optional
        Timesteps between snapshots. If it is not given it is the first spacing that comes twice in
        a row.
    start : dbar.online.start.Start, optional
        Model of other runs, which judges from the first snapshot on. Descriptors are then taken
        per atom.

    Notes
    -----
    The state is a deterministic function of the settings and of the sequence of (step, time, D,
    V). Component 0 of D (the number of atoms) is not used. Snapshots that do not follow at the
    stride start a new chain: no transition is learnt across a gap. A transition is learnt when its
    snapshot is no longer in question, `dbar.trust.change.GAP` snapshots later.

    Attributes
    ----------
    partners : dbar.online.shared_learning.SharedLearning or None
        Set it to fit every model to the statistics of all replicas, whatever they are then.
    pooled : dict of int
        Transitions of each replica (by number) in the newest model of an ensemble.
    """

    def __init__(self, config=None, stride=None, start=None):
        self.config = MonitorConfig.load(config)
        self.stride, self.start = stride, start
        self.moments = self.chain = self.model = None
        self.snapshots = self.refits = 0
        self.over = 0
        self.inflation_sum = self.inflation_weight = _PRIOR_WEIGHT
        self.time, self.dtau = 0.0, 0.0
        self.ahead = None
        self.elapsed = 0.0
        self.fitted_count = 0.0
        self.change = ChangeTest(self.config.false_alarm, min(self.config.min_snapshots, 24))
        self.regimes = Regimes()
        self.pending, self.beyond = [], []
        self.fixed, self.learnt = False, 0
        self.state, self.consecutive, self.change_step = LEARNING, 0, -1
        self.loud, self.loud_since, self.alarmed = 0, -1, -1
        self.partners = self.early = None
        self.pooled = {}
        if start is not None:
            self._begin_with(start)

    def _begin_with(self, start):
        """Judge by a model of other runs, as if it had been fitted just now."""
        self._set_model(start.model)
        self.fixed, self.refits, self.dtau = start.moments is None, 1, start.dtau
        if start.rest is not None:
            self.early = BroughtTest(start.rest, self.config.false_alarm)

    # ---- one snapshot ---------------------------------------------------------------------

    def observe(self, step, time, D, V=None):
        """Judge, then learn, one snapshot.

        Parameters
        ----------
        step : int
            Timestep.
        time : float
            Simulation time.
        D : ndarray, shape (K + 1,)
            Number of central atoms, then the K descriptor sums. Copied where kept.
        V : ndarray, shape (K + 1, 6), optional
            Virial-type tensor; needed only with ``virial = true``.

        Returns
        -------
        Decision

        Raises
        ------
        ValueError
            If D or V is not finite or changes its size, or V is missing but needed.
        """
        step = int(step)
        x = features(step, D, V, self.config.virial, self.start is not None)
        if self.chain is not None and len(x) != self.chain.size:
            raise ValueError(
                f"snapshot at step {step} has {len(x)} components, expected {self.chain.size}"
            )
        if self.chain is None:
            self.chain = LagChain(len(x), self.config.order, self.stride)
            self.moments = self._empty_moments()
            self.regimes.first = step
        if self.chain.expect(step):
            self._unlink()
        past = self.chain.regressor(step)
        strides = self._strides(step)
        self.snapshots += 1
        if self.model is not None and self.ahead is None:  # nothing was there to forecast from
            self._forecast_from(np.tile(self.model.latent(x), self.config.order))
            strides = 0
        elif self._expires(strides):
            self._forecast_from(self.latent_state())
        verdict = None if self.model is None else self._judge(x, past, strides)
        error = self._early_error(x, past)
        linked = self.chain.linked(step)
        z = self.chain.push(step, x)
        if linked or (z is not None and self.dtau == 0.0):
            self.dtau = float(time) - self.time
        self.time = float(time)
        if verdict is not None:
            tau = self.model.time_to_limit(self.latent_state(), self.config.m_limit) * self.dtau
            verdict |= {"tau_pred": tau, "known": verdict["known"] and tau > 0.0}
        evidence = self.change.observe(x, linked)
        if self.change.ready:
            self.early = None
        elif self.early is not None:
            evidence = max(evidence, self.early.observe(error))
        self.pending.append((step, z))
        confirmed = self._weigh(step, evidence)
        said = self._decide(verdict, evidence)
        if confirmed:
            self._change_regime()
        while len(self.pending) > GAP:
            before, z = self.pending.pop(0)
            self._learn(before, z)
        self._refit_if_due()
        return replace(said, refits=self.refits)

    def _unlink(self):
        """Take back what a stride that was none has linked; nothing of it has been learnt yet."""
        self.pending = [(before, None) for before, _ in self.pending]
        self.change.first[:] = True

    @property
    def inflation(self):
        """Factor on the noise of the model, from the innovations judged so far."""
        return max(1.0, self.inflation_sum / self.inflation_weight)

    def _empty_moments(self):
        cfg = self.config
        return LaggedMoments(self.chain.size, cfg.order, cfg.n_bags, cfg.coverage, cfg.seed)

    # ---- what is said ---------------------------------------------------------------------

    def _weigh(self, step, evidence):
        """Note a snapshot beyond the level; whether it confirms a change."""
        recent = [before for before, _ in self.pending[-GAP:]]
        self.beyond = [before for before in self.beyond if before in recent]
        if evidence < 1.0:
            self.loud = 0
            return False
        if self.loud == 0:
            self.loud_since = step
        self.loud += 1
        self.beyond.append(step)
        if self.loud < self.config.persist:
            return False
        if self.alarmed not in recent:  # not one burst with the last alarm
            self.change_step = self.loud_since
        self.alarmed = step
        if len(self.beyond) < _CONFIRM:
            return False
        back = len(self.pending) - 1 - self._first_beyond()
        return self.change.evidence_without(back) >= 1.0

    def _first_beyond(self):
        """Place in `pending` of the first snapshot beyond the level that is still in question."""
        return next(k for k, (step, _) in enumerate(self.pending) if step == self.beyond[0])

    def _decide(self, verdict, evidence):
        """The decision on a snapshot, from what was found about M, forecast and change."""
        if evidence >= 1.0 and self.loud >= self.config.persist:
            state = ALARM
        elif verdict is None or not (self.start or self.change.ready or self._just_broken()):
            state = LEARNING
        elif verdict["known"] and evidence < 1.0:
            state = TRUSTED
        else:
            state = WARNING
        self.consecutive = self.consecutive + 1 if state == self.state else 1
        self.state = state
        found = {} if verdict is None else {k: v for k, v in verdict.items() if k != "known"}
        return Decision(
            state=state, snapshots=self.snapshots, consecutive=self.consecutive,
            change_step=self.change_step, evidence=evidence, regime=self.regimes.number, **found,
        )  # fmt: skip

    def _just_broken(self):
        """Whether a gap alone keeps the newest snapshot from being judged by what was before."""
        test = self.change
        return len(test.rows) >= test.least + GAP and bool(test.first[-GAP:].any())

    def _change_regime(self):
        """Begin a regime at the first snapshot beyond the level, and learn it from there."""
        first, place = self.beyond[0], self._first_beyond()
        old, since = self.pending[:place], self.pending[place:]
        for before, z in old:
            self._learn(before, z)
        last = old[-1][0] if old else first
        self.change.begin(self.change.rows[-len(since) :], self.change.first[-len(since) :])
        self.change_step, self.beyond, self.loud = first, [], 0
        # the first transition of the new regime would begin in the old one
        self.pending = [
            (before, None if k < self.config.order else z) for k, (before, z) in enumerate(since)
        ]
        frozen = self.config.reference or self._only_judges()
        self.regimes.leave(last, first, None if frozen else self.model, self.moments)
        if not frozen:
            self.moments, self.model, self.ahead = self._empty_moments(), None, None
            self.fitted_count = 0.0
            self.inflation_sum = self.inflation_weight = _PRIOR_WEIGHT

    def _strides(self, step):
        """Snapshots that fit between the last one and `step`, at least one."""
        chain = self.chain
        if not chain.filled or not chain.stride:
            return 1
        return int(min(max((step - chain.last) // chain.stride, 1), 1000))

    def _early_error(self, x, past):
        """Whitened error of the model that the run began with, None after a gap."""
        if self.early is None or past is None:
            return None
        model, d = self.start.model, self.start.model.dim
        state = model.latent(past.reshape(self.config.order, -1)).ravel()
        ahead = (model.matrix @ state + model.drift)[:d]
        return (model.latent(x) - ahead) @ root_of(model.noise[:d, :d])

    def _expires(self, strides):
        """Whether the forecast of a model that is never refitted has to be started anew."""
        if self.model is None or not self._only_judges():
            return False
        return self.model.sigma_m2 * (self.elapsed + strides) >= self.config.m_limit - 1.0

    def _judge(self, x, past, strides):
        model, cfg, inflation = self.model, self.config, self.inflation
        y = model.latent(x)
        m = float(np.square(y).mean())

        innovation, p_one, forecast = 0.0, 1.0, None
        if past is not None:
            mean, leverage = model.predict(self._latent_past(past))
            innovation = float(model.innovation(y, mean, leverage))
            p_one = model.innovation_p(innovation / inflation)
            forecast = (mean, self.one_step_std * np.sqrt(inflation * (1.0 + leverage)))
            keep = 1.0 - 1.0 / cfg.memory
            clipped = min(innovation, _CLIP * inflation)
            self.inflation_sum = keep * self.inflation_sum + clipped
            self.inflation_weight = keep * self.inflation_weight + 1.0

        for _ in range(strides):
            self.ahead = model.advance(self.ahead)
        self.elapsed += strides
        mean_m, var_m = model.forecast_m(self.ahead, inflation)
        growth = model.sigma_m2 * self.elapsed
        p_m = model.m_p(m - growth, mean_m, var_m)
        # a forecast that runs away is not a bound: beyond m_limit nothing is known
        bound = min(mean_m + growth, cfg.m_limit) if np.isfinite(mean_m) else cfg.m_limit
        self.over = self.over + 1 if m > bound else 0
        valid = growth < cfg.m_limit - 1.0 and self.over < cfg.patience
        return {
            "known": m <= cfg.m_limit and valid,
            "mahalanobis": m, "innovation": innovation, "bound": bound,
            "novel": 1.0 - min(1.0, 2.0 * min(p_one, p_m)), "innovation_p": p_one, "m_p": p_m,
            "inflation": inflation, "growth": growth, "latent": y, "forecast": forecast,
        }  # fmt: skip

    def _latent_past(self, past):
        return self.model.latent(past.reshape(self.config.order, -1)).ravel()

    def latent_state(self):
        """Latent lags (P d,), newest first; a chain that is too short repeats its oldest."""
        rows = self.chain.buffer[: self.chain.filled]
        rows = np.concatenate([rows, np.repeat(rows[-1:], self.config.order - len(rows), axis=0)])
        return self.model.latent(rows).ravel()

    # ---- learning -------------------------------------------------------------------------

    def _learn(self, step, z):
        if z is not None and not self._only_judges():
            self.moments.add(z, step, self.config.replica)
            self.learnt += 1

    def _only_judges(self):
        """Whether the model was brought from elsewhere and stays as it is."""
        return self.start is not None and self.start.moments is None

    def _refit_if_due(self):
        count, cfg, everyone = self.moments.count[0], self.config, self.partners
        if self.fixed:
            return
        if everyone is None and self.model is None:
            due = count >= cfg.min_snapshots
        else:  # partners are about as far, so that each has to bring its share only
            each = 1 if everyone is None else everyone.contributors
            before = self.start.count / each if self._of_start() else 0.0
            least = 0.0 if everyone is None else cfg.min_snapshots / each
            fitted = (self.fitted_count + before) * (1.0 + cfg.refit_growth)
            due = count >= max(least, fitted - before)
        due = due or self._past_reference()
        if due and (everyone or self._of_start() or FrozenModel.possible(self.moments)):
            self.refit()

    def _of_start(self):
        """Whether what the monitor began with belongs to the present regime, and is learnt on."""
        return self.start is not None and self.start.count > 0.0 and self.regimes.number == 1

    def _past_reference(self):
        """Whether all snapshots of the reference have been learnt."""
        learnt = self.snapshots - len(self.pending)
        return 0 < self.config.reference <= learnt

    def refit(self):
        """Fit a new model to everything learnt in this regime and start its forecast here.

        In an ensemble this is when replicas exchange statistics; while all of them together have
        too few for a model there is none.
        """
        if self.model is None and not self.config.reference:
            returned = self.regimes.recognise(self.moments, self.config.m_limit)
            if returned is not None:
                self.moments = returned.moments.merge(self.moments)
        learnt, self.fitted_count = self.moments, float(self.moments.count[0])
        if self.partners is not None:
            learnt = self.partners.pool(*self.share(), alike=self._alike())
        if self._of_start():
            learnt = self.start.with_more(learnt)
        if self.partners is not None:
            if learnt.count[0] < self.config.min_snapshots or not FrozenModel.possible(learnt):
                return
            self.pooled = dict(self.partners.seen)
        self._set_model(self._fit(learnt))
        self.fixed = self._past_reference()
        self.refits += 1
        self._forecast_from(self.latent_state())

    def _set_model(self, model):
        self.model, self.one_step_std = model, model.one_step_std(0.0)

    def _forecast_from(self, state):
        """Start the forecast of M from latent lags (P d,)."""
        self.ahead = self.model.start(state)
        self.elapsed, self.over = 0.0, 0

    def _fit(self, moments):
        # the matrices are small: threads would only take cores from the MD ranks
        with _threads().limit(limits=1):
            return FrozenModel.fit(moments, self.config.latent_dim)

    def _alike(self):
        """What tells whether statistics of a partner are of this regime; None for the first.

        Replicas begin alike. What they change to need not be the same, though its number is.
        """
        if self.regimes.number == 1:
            return None
        few = self.moments.count[0] < self.config.min_snapshots
        if few or not FrozenModel.possible(self.moments):
            return lambda moments: False
        own = self._fit(self.moments)
        return lambda moments: mean_m(own, moments) <= self.config.m_limit

    def share(self):
        """What an ensemble is told: statistics of the regime, its number, transitions of all."""
        return self.moments, self.regimes.number, self.learnt

    def add_statistics(self, moments):
        """Add the statistics (`LaggedMoments`) of another replica; they count at the next refit."""
        if self.moments is None:
            raise ValueError("statistics can be added once the first snapshot has been observed")
        self.moments.merge(moments)

    def forecast(self, steps):
        """Mean and standard deviation (steps, K) of the next descriptors (D without element 0).

        Raises
        ------
        ValueError
            While learning.
        """
        if self.model is None:
            raise ValueError(
                f"{self.snapshots} snapshots seen, no model yet: "
                f"min_snapshots is {self.config.min_snapshots}"
            )
        return self.model.forecast(self.latent_state(), int(steps), self.inflation)

    # ---- saving ---------------------------------------------------------------------------

    def get_state(self):
        """Arrays and scalars from which `from_state` continues bit for bit."""
        return saved.state_of(self)

    @staticmethod
    def reads(state):
        """Whether a state is of the schema that `from_state` takes."""
        return saved.schema_of(state) == saved.SCHEMA

    @classmethod
    def from_state(cls, config, state):
        """Monitor that continues where `get_state` was taken.

        Raises
        ------
        ValueError
            If the state has another schema, or was gathered with settings of the statistics
            (order, n_bags, coverage, seed) that differ from `config`.
        """
        self = cls(config)
        saved.restore(self, state)
        return self


@lru_cache(maxsize=1)
def _threads():
    return ThreadpoolController()
