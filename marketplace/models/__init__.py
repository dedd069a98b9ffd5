"""The rows of WHO and WHAT, one module per noun."""

from marketplace.models.alerts import BudgetAlert
from marketplace.models.keys import ApiKey, DaySpendCap
from marketplace.models.people import Membership, Organisation, Role, User
from marketplace.models.policies import PolicyVersion
from marketplace.models.replies import KeptReply
from marketplace.models.sources import Document, Source, SourceState, SourceVersion
from marketplace.models.training import LIVE_JOBS, Job, JobKind, JobState, Partition, PartitionState
from marketplace.models.windows import WindowBudget, WindowKind, WindowPer

__all__ = [
    "LIVE_JOBS",
    "ApiKey",
    "BudgetAlert",
    "DaySpendCap",
    "Document",
    "Job",
    "JobKind",
    "JobState",
    "KeptReply",
    "Membership",
    "Organisation",
    "Partition",
    "PartitionState",
    "PolicyVersion",
    "Role",
    "Source",
    "SourceState",
    "SourceVersion",
    "User",
    "WindowBudget",
    "WindowKind",
    "WindowPer",
]
