"""What we would post of a store-day beside what another script has posted: the differences.

Belongs here: matching and naming. Not here: reading the two sides (steps/comparing_shadow.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from ipos_pipeline.domain.money import total_of


class ShadowKind(StrEnum):
    """What a comparison says of a document, in the words that people read.

    `MAPPED` is what could be posted, where there is nothing to compare it with.
    """

    SAME = "same"
    MAPPED = "mapped"
    TOTAL_DIFFERS = "total_differs"
    ONLY_OURS = "only_ours"
    ONLY_IN_NETSUITE = "only_in_netsuite"
    WOULD_FAIL = "would_fail"
    TWICE_IN_NETSUITE = "twice_in_netsuite"


NOTHING_DIFFERS = frozenset({ShadowKind.SAME, ShadowKind.MAPPED})


@dataclass(frozen=True, slots=True)
class OurDocument:
    """A document as we would post it, or why we could not; `total` in AED, negative for a refund.

    `key` is what the other script knows the invoice by, None where it has no number. An invoice of
    which nothing can be planned has no total, and is neither sale nor refund.
    """

    subject: str
    key: str | None
    is_refund: bool | None = None
    total: Decimal | None = None
    sold_at: datetime | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class TheirDocument:
    """A document that the other script has posted; `total` in AED, negative for a refund."""

    internal_id: str
    key: str
    is_refund: bool
    total: Decimal
    tran_date: date


@dataclass(frozen=True, slots=True)
class Finding:
    """What the comparison says of one document; amounts in AED, None where a side has none."""

    kind: ShadowKind
    subject: str
    key: str
    ours: Decimal | None
    theirs: Decimal | None
    internal_ids: tuple[str, ...]
    detail: str


@dataclass(frozen=True, slots=True)
class ShadowComparison:
    """A store-day in shadow. Not `is_compared`: nobody said how to find the other's documents."""

    location_code: str
    business_date: date
    compared_at: datetime
    is_compared: bool
    findings: tuple[Finding, ...]

    @property
    def differing(self) -> tuple[Finding, ...]:
        """What is not the same on both sides, and what we could not post."""
        return tuple(one for one in self.findings if one.kind not in NOTHING_DIFFERS)

    @property
    def is_same(self) -> bool:
        """Whether the two sides were compared and nothing differs."""
        return self.is_compared and not self.differing

    @property
    def counts(self) -> Counter[ShadowKind]:
        """Count the findings of each kind."""
        return Counter(one.kind for one in self.findings)

    @property
    def ours_total(self) -> Decimal:
        """What we would post (AED; sales less refunds)."""
        return total_of(one.ours for one in self.findings if one.ours is not None)

    @property
    def theirs_total(self) -> Decimal:
        """What the other script has posted (AED; sales less refunds)."""
        return total_of(one.theirs for one in self.findings if one.theirs is not None)


def compare(
    ours: Iterable[OurDocument],
    theirs: Iterable[TheirDocument],
    *,
    landed: Mapping[str, str | None],
    at: datetime,
) -> list[Finding]:
    """Match by key and kind; say of each document what became of it on the two sides.

    `landed` names by their keys the other invoices that the ledger knows: why nothing is posted of
    one, or None where it belongs to another store-day, which tells of it.
    """
    there: dict[tuple[str, bool], list[TheirDocument]] = {}
    for one in theirs:
        there.setdefault((one.key, one.is_refund), []).append(one)
    findings: list[Finding] = []
    for document in ours:
        sides = (False, True) if document.is_refund is None else (document.is_refund,)
        groups = [there.pop((document.key or "", side), []) for side in sides]
        findings.append(_finding(document, [group[0] for group in groups if group], at))
        findings += [_twice(document.subject, group) for group in groups if len(group) > 1]
    for (key, _), group in there.items():
        if landed.get(key, "") is not None:
            findings.append(_only_there(group[0], landed.get(key)))
            findings += [_twice(key, group)] if len(group) > 1 else []
    return findings


def mapped_only(ours: Iterable[OurDocument]) -> list[Finding]:
    """Say what can be said without the other side: what we would post, and what would fail."""
    return [
        _of_ours(ShadowKind.MAPPED, one, [], "not compared")
        if one.problem is None
        else _of_ours(ShadowKind.WOULD_FAIL, one, [], one.problem)
        for one in ours
    ]


def _finding(document: OurDocument, found: list[TheirDocument], at: datetime) -> Finding:
    if document.problem is not None:
        return _of_ours(ShadowKind.WOULD_FAIL, document, found, document.problem)
    if not found:
        age = "" if document.sold_at is None else f"; it was sold {_age(at - document.sold_at)} ago"
        detail = f"the other script has not posted it{age}"
        return _of_ours(ShadowKind.ONLY_OURS, document, found, detail)
    theirs = found[0]
    if theirs.total != document.total:
        detail = f"we come to {document.total}, NetSuite has {theirs.total}"
        return _of_ours(ShadowKind.TOTAL_DIFFERS, document, found, detail)
    return _of_ours(ShadowKind.SAME, document, found, f"dated {theirs.tran_date} in NetSuite")


def _of_ours(
    kind: ShadowKind, document: OurDocument, found: list[TheirDocument], detail: str
) -> Finding:
    return Finding(
        kind,
        document.subject,
        document.key or "",
        document.total,
        total_of(one.total for one in found) if found else None,
        tuple(one.internal_id for one in found),
        detail,
    )


def _only_there(one: TheirDocument, why: str | None) -> Finding:
    detail = why or "IPOS has not shown us such an invoice as not acknowledged"
    return Finding(
        ShadowKind.ONLY_IN_NETSUITE, one.key, one.key, None, one.total, (one.internal_id,), detail
    )


def _twice(subject: str, group: list[TheirDocument]) -> Finding:
    """Name what is there more than once; the first of them is counted by another finding."""
    more = group[1:]
    return Finding(
        ShadowKind.TWICE_IN_NETSUITE,
        subject,
        group[0].key,
        None,
        total_of(one.total for one in more),
        tuple(one.internal_id for one in group),
        f"NetSuite has {len(group)} records with {group[0].key!r}",
    )


def _age(length: timedelta) -> str:
    hours = max(length // timedelta(hours=1), 0)
    return f"{hours // 24} d {hours % 24} h"
