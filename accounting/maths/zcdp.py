"""The charge of a private answer, and what a sum of charges promises. float64, nats.

Step of the way: hold and settle in private mode. A charge depends on public values only (alpha, eta): it is a
bound for every dataset, in both directions, at every order up to alpha; charges of tokens add up (a Renyi
filter: Feldman and Zrnic 2021, th. 4.5).
"""

from math import exp, isnan, log, sqrt

from accounting.maths import rdp
from accounting.maths.renyi import kl_bounded_range

ORDERS = (1e-6, 1e9)  # alpha - 1 is searched between


def private_charge_nats(*, alpha: float, eta: float) -> float:
    """alpha * KL_BR(eta), nats a token: what a source pays whose logits move by a clamped x in [0, eta].

    Divided by alpha it is a zCDP charge. (Cesar and Rogers 2020, arXiv 2004.07223; tight: arXiv 2510.25746.)
    """
    if not alpha > 1:
        raise ValueError("alpha must be above 1")
    return alpha * kl_bounded_range(eta)


def epsilon(*, rho_zcdp: float, delta: float) -> float:
    """The least eps over all orders: min over alpha of rdp.epsilon(alpha, alpha rho), nats.

    (Bun and Steinke 2016 for zCDP; Canonne, Kamath and Steinke 2020, prop. 12 and cor. 13.) The function of
    log(alpha - 1) has one minimum; golden section finds it to 1e-9. Any order is valid, so an imperfect
    search is still a promise.
    """
    if isnan(rho_zcdp) or rho_zcdp < 0:
        raise ValueError("rho must be >= 0")
    if rho_zcdp == 0:
        return 0.0

    def at(place: float) -> float:
        alpha = 1 + exp(place)
        return rdp.epsilon(alpha=alpha, rho=alpha * rho_zcdp, delta=delta)

    low, high = log(ORDERS[0]), log(ORDERS[1])
    golden = (sqrt(5) - 1) / 2
    for _ in range(90):
        left, right = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, right) if at(left) <= at(right) else (left, high)
    return at((low + high) / 2)
