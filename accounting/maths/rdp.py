"""From a Renyi bound of one order to (epsilon, delta). float64, nats.

Step of the way: what an owner is shown about a privacy budget. It must not be applied to measured influence,
which is no bound.
"""

from math import inf, isnan, log, log1p


def epsilon(*, alpha: float, rho: float, delta: float) -> float:
    """eps = rho + log((alpha-1)/alpha) - (log delta + log alpha)/(alpha-1), floored at 0, nats.

    D_alpha <= rho implies (eps, delta)-DP. (Canonne, Kamath and Steinke 2020, prop. 12; Balle et al. 2020,
    th. 21.) If rho is infinite there is no promise: inf.
    """
    if isnan(rho) or rho < 0 or not alpha > 1 or not 0 < delta < 1:
        raise ValueError("rho >= 0, alpha > 1 and 0 < delta < 1 are needed")
    if inf in {rho, alpha}:
        return rho
    return max(0.0, rho + log1p(-1 / alpha) - (log(delta) + log(alpha)) / (alpha - 1))
