"""What a clause is in ODRL, said once and used both ways.

Each form writes a part of the plain form as rules, and reads it back out of them. A kind of clause names its
forms in its own file; between them they have all of its keys.
"""

from marketplace.policy.odrl.forms.base import Form
from marketplace.policy.odrl.forms.conditions import Forbidden, Limit, Members, Series
from marketplace.policy.odrl.forms.duties import BareDuty, Compensation, TextDuty

__all__ = ["BareDuty", "Compensation", "Forbidden", "Form", "Limit", "Members", "Series", "TextDuty"]
