"""What SciPy and scikit-learn say of a small data set, for test/unit/evaluation/reference.test.ts.

Run: .venv/bin/python tools/evaluation_reference.py > test/unit/evaluation/reference.json
Data and draws come from a linear congruential generator, so that the test makes the same ones.
"""

import json

import numpy as np
import scipy
import sklearn
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from scipy.stats import bootstrap, norm
from sklearn.calibration import _sigmoid_calibration
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import average_precision_score, brier_score_loss, f1_score, log_loss, precision_recall_curve, roc_auc_score

FUNCTIONS, CLUSTER_SIZE, RESAMPLES, THRESHOLD = 60, 3, 300, 0.5


def uniforms(seed):
    """x <- 1664525 x + 1013904223 mod 2^32, from 0 to 1."""
    while True:
        seed = (1664525 * seed + 1013904223) % 2**32
        yield seed / 2**32


stream = uniforms(1)
labels, first, second = [], [], []
for _ in range(FUNCTIONS):
    label = int(next(stream) < 0.4)
    labels.append(label)
    # Two digits, so that some scores are equal.
    first.append(round(100 * min(0.99, 0.01 + 0.7 * next(stream) + 0.25 * label)) / 100)
    second.append(round(100 * min(0.99, 0.01 + 0.9 * next(stream) + 0.05 * label)) / 100)
labels, first, second = map(np.array, (labels, first, second))
clusters = np.arange(FUNCTIONS) // CLUSTER_SIZE
count = clusters[-1] + 1


class Draws(np.random.Generator):
    """The generator that SciPy draws clusters with."""

    def integers(self, low, high=None, size=None, **_):
        draws = uniforms(7)
        return np.array([int(next(draws) * high) for _ in range(int(np.prod(size)))]).reshape(size)


def interval(of_rows):
    rows_of = [np.flatnonzero(clusters == c) for c in range(count)]
    result = bootstrap(
        (np.arange(count),),
        lambda drawn: of_rows(np.concatenate([rows_of[c] for c in drawn])),
        n_resamples=RESAMPLES,
        method="percentile",
        vectorized=False,
        rng=Draws(np.random.PCG64(0)),
    )
    return [result.confidence_interval.low, result.confidence_interval.high]


METRICS = {
    "rocAuc": roc_auc_score,
    "averagePrecision": average_precision_score,
    "f1": lambda y, s: f1_score(y, s >= THRESHOLD),
    "brier": brier_score_loss,
    "logLoss": log_loss,
}


def delong(y, a, b):
    """By the definition (DeLong, DeLong and Clarke-Pearson 1988), every positive with every negative."""

    def parts(s):
        kernel = (s[y == 1][:, None] > s[y == 0]) + 0.5 * (s[y == 1][:, None] == s[y == 0])
        return kernel.mean(), kernel.mean(axis=1), kernel.mean(axis=0)

    (auc_a, v10_a, v01_a), (auc_b, v10_b, v01_b) = parts(a), parts(b)
    cov = np.cov(v10_a, v10_b) / len(v10_a) + np.cov(v01_a, v01_b) / len(v01_a)
    z = (auc_a - auc_b) / np.sqrt(cov[0, 0] + cov[1, 1] - 2 * cov[0, 1])
    return {
        "aucs": [auc_a, auc_b],
        "variances": [cov[0, 0], cov[1, 1]],
        "covariance": cov[0, 1],
        "z": z,
        "pValue": 2 * norm.sf(abs(z)),
    }


def recall_at(precision):
    p, r, _ = precision_recall_curve(labels, first)
    return float(r[:-1][p[:-1] >= precision].max(initial=0))


temperature = minimize_scalar(
    lambda t: log_loss(labels, expit(logit(first) / t)), bounds=(0.05, 20), method="bounded", options={"xatol": 1e-10}
).x
a, b = _sigmoid_calibration(logit(first), labels)
least = 1 / (FUNCTIONS + 2)
isotonic = IsotonicRegression(y_min=least, y_max=1 - least, out_of_bounds="clip").fit(first, labels)
grid = np.linspace(0, 1, 21)
print(
    json.dumps(
        {
            "source": f"tools/evaluation_reference.py, SciPy {scipy.__version__}, scikit-learn {sklearn.__version__}",
            "functions": FUNCTIONS,
            "clusterSize": CLUSTER_SIZE,
            "resamples": RESAMPLES,
            "threshold": THRESHOLD,
            "values": {name: metric(labels, first) for name, metric in METRICS.items()},
            "recallAtPrecision": {str(p): recall_at(p) for p in (0.8, 0.9)},
            "intervals": {
                name: interval(lambda rows, m=metric: m(labels[rows], first[rows])) for name, metric in METRICS.items()
            },
            "difference": interval(
                lambda rows: roc_auc_score(labels[rows], first[rows]) - roc_auc_score(labels[rows], second[rows])
            ),
            "delong": delong(labels, first, second),
            "temperature": temperature,
            "platt": [-a, -b],
            "isotonic": isotonic.predict(grid).tolist(),
        },
        indent=1,
    )
)
