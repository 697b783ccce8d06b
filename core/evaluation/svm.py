"""The classical baseline: standardised features and a support vector machine with an RBF kernel."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC


def svm_probabilities(
    features: NDArray[Any],
    fake: NDArray[np.bool_],
    weights: NDArray[np.float64],
    unseen: NDArray[Any],
    cost: float = 1.0,
) -> NDArray[np.float64]:
    """Train on features (S, K); return for unseen (T, K) the logistic of twice the margin, which is not calibrated."""
    scaler = StandardScaler().fit(features, sample_weight=weights)
    machine = SVC(C=cost, kernel="rbf", gamma="scale")
    machine.fit(scaler.transform(features), fake, sample_weight=weights / weights.mean())
    return np.asarray(1 / (1 + np.exp(-2 * machine.decision_function(scaler.transform(unseen)))))


def logistic_probabilities(
    features: NDArray[Any],
    fake: NDArray[np.bool_],
    weights: NDArray[np.float64],
    unseen: NDArray[Any],
    cost: float = 0.1,
) -> NDArray[np.float64]:
    """Train a logistic regression on (S, K); what is NaN takes the training faces' median."""
    middle = np.nanmedian(features, axis=0)
    known, asked = (np.where(np.isfinite(x), x, middle) for x in (features, unseen))
    scaler = StandardScaler().fit(known, sample_weight=weights)
    model = LogisticRegression(C=cost, max_iter=1000)
    model.fit(scaler.transform(known), fake, sample_weight=weights / weights.mean())
    return np.asarray(model.predict_proba(scaler.transform(asked))[:, 1])
