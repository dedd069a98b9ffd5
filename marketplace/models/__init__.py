"""The rows of WHO and WHAT, one module per noun."""

from marketplace.models.agreements import (
    OPEN_AGREEMENTS,
    Agreement,
    AgreementNotice,
    AgreementState,
    NoticeKind,
    Side,
)
from marketplace.models.alerts import BudgetAlert
from marketplace.models.catalogue import CatalogueEntry
from marketplace.models.changes import SourceChange
from marketplace.models.consumers import ConsumerGroup, DomainClaim, Proof, VerifiedDomain
from marketplace.models.counts import RefusalCount, RequestCount
from marketplace.models.duplicates import Resemblance, SketchMark, VersionSketch
from marketplace.models.evidence import CertificateState, ZeroInfluence
from marketplace.models.invitations import Invitation
from marketplace.models.keys import ApiKey, DaySpendCap
from marketplace.models.people import Membership, Organisation, Role, User
from marketplace.models.policies import PolicyCancellation, PolicyVersion
from marketplace.models.replies import KeptReply
from marketplace.models.reviews import DECISIONS, ReviewItem, ReviewState
from marketplace.models.rights import (
    RightsDecision,
    RightsFinding,
    RightsReading,
    RightsVerdict,
    RightsVocabulary,
)
from marketplace.models.sources import Document, Source, SourceState, SourceVersion, Visibility
from marketplace.models.staff import Staff, StaffRole
from marketplace.models.summaries import PartitionSummary
from marketplace.models.templates import PolicyTemplate
from marketplace.models.training import LIVE_JOBS, Job, JobKind, JobState, Partition, PartitionState
from marketplace.models.windows import WindowBudget, WindowKind, WindowPer

__all__ = [
    "DECISIONS",
    "LIVE_JOBS",
    "OPEN_AGREEMENTS",
    "Agreement",
    "AgreementNotice",
    "AgreementState",
    "ApiKey",
    "BudgetAlert",
    "CatalogueEntry",
    "CertificateState",
    "ConsumerGroup",
    "DaySpendCap",
    "Document",
    "DomainClaim",
    "Invitation",
    "Job",
    "JobKind",
    "JobState",
    "KeptReply",
    "Membership",
    "NoticeKind",
    "Organisation",
    "Partition",
    "PartitionState",
    "PartitionSummary",
    "PolicyCancellation",
    "PolicyTemplate",
    "PolicyVersion",
    "Proof",
    "RefusalCount",
    "RequestCount",
    "Resemblance",
    "ReviewItem",
    "ReviewState",
    "RightsDecision",
    "RightsFinding",
    "RightsReading",
    "RightsVerdict",
    "RightsVocabulary",
    "Role",
    "Side",
    "SketchMark",
    "Source",
    "SourceChange",
    "SourceState",
    "SourceVersion",
    "Staff",
    "StaffRole",
    "User",
    "VerifiedDomain",
    "VersionSketch",
    "Visibility",
    "WindowBudget",
    "WindowKind",
    "WindowPer",
    "ZeroInfluence",
]
