"""Any order of everything that can happen keeps all seven rules and every balance where a plain model has it.

After each step the model's numbers are compared with every account, and the check that operators run proves
the whole database. `PROOFS=thorough` runs it at length.
"""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.proofs.answers import AnswerRules
from tests.proofs.endings import EndingRules
from tests.proofs.general import GeneralRules
from tests.proofs.money import MoneyRules
from tests.proofs.size import sized

pytestmark = [pytest.mark.books, pytest.mark.django_db]


class EverythingThatCanHappen(AnswerRules, EndingRules, MoneyRules, GeneralRules):
    """All rules on one set of books."""


@pytest.mark.timeout(sized(300, 3 * 3600))
def test_the_seven_rules_hold_in_any_order_of_events():
    run_state_machine_as_test(
        EverythingThatCanHappen,
        settings=settings(
            max_examples=sized(20, 600),
            stateful_step_count=sized(60, 100),
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
