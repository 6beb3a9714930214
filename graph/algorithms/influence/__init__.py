"""Influence: who moved whom, how strong each tie is, and what a share of each customer is worth."""

from graph.algorithms.influence.arrays import NOBODY, Delays, Interval, Moves, Reach, ShareLog, Ties
from graph.algorithms.influence.contribution import Contribution, social_contribution
from graph.algorithms.influence.credit import Credit, Forest, credit_upwards, direct_cents, grow_forest
from graph.algorithms.influence.kept import Basis, Figures, Kept, basis_of
from graph.algorithms.influence.learning.baseline import Incremental, fit_baseline, incremental_effect
from graph.algorithms.influence.learning.calibration import Calibration, Reliability, calibrate, reliability
from graph.algorithms.influence.learning.cascades import trace_moves
from graph.algorithms.influence.learning.strengths import learn_ties, tie_interval
from graph.algorithms.influence.paths import LONGEST, Paths, strongest_paths
from graph.algorithms.influence.request import Attribution, CreditRule, InfluenceRequest
from graph.algorithms.influence.scoring import PROVENANCE, Influence, InfluenceGraph, learn
from graph.algorithms.influence.shapley_credit import credit_equally
from graph.algorithms.influence.spread import Spread, expected_spread, interval

__all__ = [
    "LONGEST",
    "NOBODY",
    "PROVENANCE",
    "Attribution",
    "Basis",
    "Calibration",
    "Contribution",
    "Credit",
    "CreditRule",
    "Delays",
    "Figures",
    "Forest",
    "Incremental",
    "Influence",
    "InfluenceGraph",
    "InfluenceRequest",
    "Interval",
    "Kept",
    "Moves",
    "Paths",
    "Reach",
    "Reliability",
    "ShareLog",
    "Spread",
    "Ties",
    "basis_of",
    "calibrate",
    "credit_equally",
    "credit_upwards",
    "direct_cents",
    "expected_spread",
    "fit_baseline",
    "grow_forest",
    "incremental_effect",
    "interval",
    "learn",
    "learn_ties",
    "reliability",
    "social_contribution",
    "strongest_paths",
    "tie_interval",
    "trace_moves",
]
