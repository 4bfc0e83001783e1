"""The one place that knows recordlinkage (and with it pandas): its ECM, the reference for small data.

The engine's own estimation is held against it in tests; `--engine recordlinkage` uses it in a run.
recordlinkage starts the estimation from fixed values (Jaro 1989), so equal vectors in equal order
give equal estimates. Its import takes two seconds and happens when an estimate is asked for.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipelines.linkage.estimating import Estimate


def estimate(vectors: dict[str, npt.NDArray[np.bool_]]) -> Estimate | None:
    """Estimate m and u of binary comparison vectors, without examples (Herzog, Scheuren, Winkler 2007).

    Args:
        vectors: {comparison: whether each pair agrees}; all of one length.

    Returns:
        None where there is nothing to estimate, or no estimate was found: fewer than two columns
        that vary, or values that are no numbers.
    """
    varying = {name: agrees for name, agrees in vectors.items() if agrees.any() and not agrees.all()}
    if len(varying) < 2:
        return None
    import pandas as pd  # noqa: PLC0415
    from recordlinkage import ECMClassifier  # noqa: PLC0415

    matrix = np.column_stack(list(varying.values())).astype(np.int8)
    frame = pd.DataFrame(_rounded_off(matrix), columns=list(varying))
    classifier = ECMClassifier(init="jaro", binarize=None, max_iter=200, atol=1e-6)
    with np.errstate(divide="ignore", invalid="ignore"):  # no numbers are refused below
        classifier.fit(frame)
        distinct, place = np.unique(matrix, axis=0, return_inverse=True)
        chances = classifier.kernel.predict_proba(distinct)[:, 1][place.ravel()]
        m, u = classifier.m_probs, classifier.u_probs
        share = float(np.exp(classifier.log_p))
    found = Estimate(
        round(share, 6),
        {name: round(float(m[name][1]), 6) for name in varying},
        {name: round(float(u[name][1]), 6) for name in varying},
        np.round(chances, 6),
    )
    numbers = [found.share, *found.m.values(), *found.u.values(), float(chances.sum())]
    return found if bool(np.isfinite(numbers).all()) else None


def _rounded_off(matrix: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """The vectors, and for each column one pair that agrees in it only and one that does in all others.

    The ECM takes logarithms of shares unsmoothed: one share of exactly nought makes all no numbers.
    """
    only = np.eye(matrix.shape[1], dtype=np.int8)
    return np.vstack([matrix, only, 1 - only])
