"""How well the verdict and every detector behind it tell real clips from fake ones, with what was left out."""

from core.evaluation.detection.evaluate import Evaluation, Options, evaluate

__all__ = ["Evaluation", "Options", "evaluate"]
