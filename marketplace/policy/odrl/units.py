"""The units of the profile: every number of an offer that has a unit names it."""

from marketplace.policy.odrl.terms import Term

NAT = Term("nat", "Unit", "A nat of influence, at the Renyi order of the market.")
MICRO_USD = Term("microUSD", "Unit", "A millionth of a US dollar.")
MICRO_USD_PER_NAT = Term("microUSDPerNat", "Unit", "A millionth of a US dollar for each nat of influence.")
