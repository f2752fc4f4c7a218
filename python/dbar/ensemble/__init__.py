"""An ensemble of replicas that spends its cores where it knows least.

`Controller` advances replicas chunk by chunk on any ``concurrent.futures`` executor, learns from
all of them together, and lets a policy say who runs next and who is forecast instead.
"""

from dbar.ensemble.controller import Controller, Stopped
from dbar.ensemble.lammps_replicas import LammpsReplicas
from dbar.ensemble.learner import Chunk, Learner
from dbar.ensemble.plan import Plan
from dbar.ensemble.policies import Depth, Policy, Trust, Uniform, Variance, View, load_policy
from dbar.ensemble.prediction import Estimate, Prospect
from dbar.ensemble.replay import Replay, ReplayExecutor
from dbar.ensemble.settings import Settings
from dbar.ensemble.tries import TooManyFailures

__all__ = [
    "Chunk",
    "Controller",
    "Depth",
    "Estimate",
    "LammpsReplicas",
    "Learner",
    "Plan",
    "Policy",
    "Prospect",
    "Replay",
    "ReplayExecutor",
    "Settings",
    "Stopped",
    "TooManyFailures",
    "Trust",
    "Uniform",
    "Variance",
    "View",
    "load_policy",
]
