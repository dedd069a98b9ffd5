"""Renyi divergences of scalar laws, and what a bounded log ratio can cause at most. float64, natural
logarithms, nats.

Step of the way: plan, hold (bounds before anything is drawn) and checks. Sums over a model's vocabulary do
not belong here but in inference/net/renyi.py. Bounds are returned from the safe side: never below the true
supremum.
"""

from collections.abc import Sequence
from math import exp, expm1, fsum, inf, isnan, log, log1p, sqrt
from sys import float_info

SERIES_BELOW = 1e-3  # KL_BR(eta) below: eta^2/8, above the truth by a factor of at most 1 + eta^2/72
CLOSED_FORM_FROM = (1.1, 0.05)  # (alpha, eta) from which the closed form of the supremum keeps its digits
SLACK = 1e-12  # relative rounding of the closed forms, added where a value must not be below the truth


def divergence(log_p: Sequence[float], log_q: Sequence[float], alpha: float) -> float:
    """D_alpha(p || q) = log(sum p^alpha q^(1-alpha)) / (alpha - 1) in nats, from normalised
    log-probabilities.

    alpha = 1: sum p log(p/q) (Kullback-Leibler); alpha = inf: max log(p/q). (Renyi 1961; van Erven and
    Harremoes 2014, def. 2, th. 5 and 6.) p = 0 adds nothing; p > 0 where q = 0 makes it infinite. With
    L = log p - log q, t = (alpha-1) L: log1p(sum p expm1(t)) where |t| < 1 throughout, logsumexp otherwise.
    """
    if len(log_p) != len(log_q) or not alpha >= 1:
        raise ValueError("two laws of one length and alpha >= 1 are needed")
    pairs = [(lp, lp - lq if lq != -inf else inf) for lp, lq in zip(log_p, log_q, strict=True) if lp != -inf]
    if any(isnan(lp) or isnan(ratio) for lp, ratio in pairs):
        raise ValueError("a log-probability is not a number")
    if any(ratio == inf for _, ratio in pairs):
        return inf
    if alpha == inf:
        return max(0.0, *(ratio for _, ratio in pairs))
    if alpha == 1:
        return max(0.0, fsum(exp(lp) * ratio for lp, ratio in pairs))
    order = alpha - 1
    if max(abs(order * ratio) for _, ratio in pairs) < 1:
        return max(0.0, log1p(fsum(exp(lp) * expm1(order * ratio) for lp, ratio in pairs)) / order)
    terms = [lp + order * ratio for lp, ratio in pairs]
    top = max(terms)
    return max(0.0, (top + log(fsum(exp(term - top) for term in terms))) / order)


def kl_bounded_range(eta: float) -> float:
    """KL_BR(eta) = r - 1 - log r, r = eta / (e^eta - 1), nats: the tight zCDP parameter of a log ratio of
    range eta.

    sup over all pairs of KL; D_alpha <= alpha KL_BR(eta) <= alpha eta^2 / 8 for every alpha and both
    directions. (Bounded range: Durfee and Rogers 2019, arXiv 1905.04273; eta^2/8: Cesar and Rogers 2020,
    arXiv 2004.07223; the tight constant: arXiv 2510.25746.)
    """
    _check(alpha=1, eta=eta)
    if eta == inf:
        return inf
    if eta == 0:
        return 0.0
    if eta < SERIES_BELOW:
        return max(eta * eta / 8 * (1 + SLACK), float_info.min)
    return _kl_closed(eta) * (1 + SLACK)


def simple_bound(alpha: float, eta: float) -> float:
    """min(eta, alpha eta^2 / 8), nats. (Hoeffding's lemma on K'' <= eta^2 / 4; Cesar and Rogers 2020, arXiv
    2004.07223.)
    """
    _check(alpha=alpha, eta=eta)
    if eta == 0:
        return 0.0
    return min(eta, alpha * eta * eta / 8)


def bounded_range_sup(alpha: float, eta: float) -> float:
    """BR(alpha, eta): the tight supremum of D_alpha(p || q), nats, over all pairs with range(log p/q) <= eta.

    Attained by two points: BR = [log(1 + p A) - alpha log(1 + p B)] / (alpha - 1), A = e^(alpha eta) - 1, B =
    e^eta - 1, p = (A - alpha B) / (A B (alpha - 1)): x -> x^alpha is convex on [1, e^eta], so two points are
    the worst case (for bounded range: Dong, Durfee and Rogers 2020, arXiv 1909.13830). alpha = 1 gives KL_BR,
    alpha = inf gives eta. Loses digits below (1.1, 0.05): see safe_bounded_range.
    """
    _check(alpha=alpha, eta=eta)
    if eta == 0 or inf in {alpha, eta}:
        return eta
    if alpha == 1:
        return _kl_closed(eta)
    order = alpha - 1
    if alpha * eta > 30:
        return _bounded_range_far(alpha, eta)
    far, near = expm1(alpha * eta), expm1(eta)  # A, B
    point = (far - alpha * near) / (far * near * order)
    return (log1p(point * far) - alpha * log1p(point * near)) / order


def _kl_closed(eta: float) -> float:
    """r - 1 - log r without cancellation: from r - 1 while r is near 1, from log r once it is small."""
    if eta < 1:
        short = (eta - expm1(eta)) / expm1(eta)  # r - 1
        return short - log1p(short)
    log_ratio = log(eta) - eta - log1p(-exp(-eta))  # log r
    return exp(log_ratio) - 1 - log_ratio


def _bounded_range_far(alpha: float, eta: float) -> float:
    """The same where e^(alpha eta) is beyond a double: with a = A/B, the terms are log((a-1)/(B (alpha-1)))
    and so on.
    """
    order = alpha - 1
    log_far = alpha * eta + log1p(-exp(-alpha * eta))  # log A
    log_near = eta + log1p(-exp(-eta))  # log B
    fewer = log1p(-alpha * exp(log_near - log_far))  # log((A - alpha B) / A)
    high = fewer + log_far - log_near - log(order)  # log(p A)
    low = fewer - log(order)  # log(p B)
    top = high + log1p(exp(-high)) if high > 0 else log1p(exp(high))
    return (top - alpha * log1p(exp(low))) / order


def safe_bounded_range(alpha: float, eta: float) -> float:
    """A bound of D_alpha for a log ratio of range eta, nats: the tight one where its digits hold, else the
    simple one.
    """
    simple = simple_bound(alpha, eta)
    if alpha < CLOSED_FORM_FROM[0] or eta < CLOSED_FORM_FROM[1]:
        return simple
    return min(simple, bounded_range_sup(alpha, eta) * (1 + SLACK))


def eta_star(budget: float, alpha: float) -> float:
    """The largest range eta, nats, whose bound is within the budget; never above the truth. Bisection on
    safe_bounded_range.

    At least max(B, sqrt(8 B / alpha)), which is what the simple bound allows.
    """
    if isnan(budget) or budget < 0:
        raise ValueError("a budget must be >= 0")
    if budget in {0, inf} or alpha == inf:
        return budget
    low = max(budget, sqrt(8 * budget / alpha)) * (1 - SLACK)
    high = low
    while safe_bounded_range(alpha, high) <= budget:
        low, high = high, high * 1.5
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if safe_bounded_range(alpha, middle) <= budget else (low, middle)
    return low


def _check(*, alpha: float, eta: float) -> None:
    if isnan(eta) or eta < 0 or not alpha >= 1:
        raise ValueError("eta >= 0 and alpha >= 1 are needed")
