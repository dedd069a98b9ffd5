"""Every kind of clause, in the order in which a policy is read, judged and said: one line each."""

from marketplace.policy.clause import Clause
from marketplace.policy.kinds.approvals import Approvals
from marketplace.policy.kinds.attribution_notices import AttributionNotice
from marketplace.policy.kinds.coalitions import Coalition
from marketplace.policy.kinds.consumers import Consumers
from marketplace.policy.kinds.countries import Countries
from marketplace.policy.kinds.gamma import Gamma
from marketplace.policy.kinds.influence import Influence
from marketplace.policy.kinds.modes import Modes
from marketplace.policy.kinds.not_together import NotTogether
from marketplace.policy.kinds.outputs import Outputs
from marketplace.policy.kinds.prices import Prices
from marketplace.policy.kinds.purposes import Purposes
from marketplace.policy.kinds.time_window import TimeWindow
from marketplace.policy.kinds.topics import Topics

KINDS: tuple[type[Clause], ...] = (
    Consumers,
    Purposes,
    Countries,
    TimeWindow,
    Approvals,
    Topics,
    Gamma,
    Modes,
    Influence,
    Prices,
    Outputs,
    NotTogether,  # before the coalition: who cannot sit together is settled first
    Coalition,
    AttributionNotice,
)
