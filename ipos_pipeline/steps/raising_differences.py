"""Raising differences: what needs a person becomes an integration error, one for each subject.

Belongs here: opening, counting and closing errors of the stage `reconcile`, and what a person has
accepted of them. Not here: which kinds need a person (domain/store_day_proof.py), the decision of
that person (resolving.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, timedelta

from pydantic import TypeAdapter

from ipos_pipeline.domain.difference_words import DIFFERENCE_WORDS
from ipos_pipeline.domain.external_id import location_prefix
from ipos_pipeline.domain.store_day_proof import (
    FOR_A_PERSON,
    Difference,
    DifferenceKind,
    StoreDayProof,
)
from ipos_pipeline.ledger.documents import SourceDocument
from ipos_pipeline.ledger.entry import BEGUN, PostingEntry
from ipos_pipeline.ledger.integration_errors import SET_ASIDE, ErrorRecord, Failure, Stage
from ipos_pipeline.ledger.store import Transaction

OR_ACCEPT = "If it is right as it is, set this error aside with the reason: that accepts it."
SEARCH_LAG = timedelta(hours=1)
"""So soon after posting NetSuite's search may not show a record yet (assumption)."""

_DIFFERENCES = TypeAdapter(tuple[Difference, ...])


def accepted_of(records: Iterable[ErrorRecord]) -> frozenset[Difference]:
    """Give the differences that a person has accepted, just as they were then."""
    return frozenset(
        difference
        for record in records
        if record.status == SET_ASIDE and record.response is not None
        for difference in _DIFFERENCES.validate_json(record.response)
    )


def with_accepted(
    differences: Iterable[Difference], accepted: frozenset[Difference]
) -> list[Difference]:
    """Tell accepted differences as such; where a subject differs in more, none of it is accepted.

    One that has another total, version or kind since is another difference.
    """
    found = list(differences)
    of_more = {one.subject for one in found if one.kind in FOR_A_PERSON and one not in accepted}
    return [
        _as_accepted(one) if one in accepted and one.subject not in of_more else one
        for one in found
    ]


def _as_accepted(one: Difference) -> Difference:
    detail = f"a person has accepted that it is {one.kind}: {one.detail}"
    return replace(one, kind=DifferenceKind.ACCEPTED, detail=detail)


def raise_differences(work: Transaction, proof: StoreDayProof) -> None:
    """Bring a store-day's errors of the stage `reconcile` in line with what was found.

    To be called before the proof takes the place of the earlier one. A new difference opens an
    error, one that is found again counts, and what is in order or otherwise now is closed.
    """
    found = _by_error(proof, FOR_A_PERSON)
    accepted = _by_error(proof, frozenset({DifferenceKind.ACCEPTED}))
    _close(work, proof, found.keys(), accepted.keys())
    known = _Known.read(work, proof, found)
    for external_id, differences in found.items():
        if all(known.makes_certain(one, external_id) for one in differences):
            failure = _failure(proof, external_id, differences, known)
            work.errors.fail(failure, at=proof.reconciled_at)


def _by_error(
    proof: StoreDayProof, kinds: frozenset[DifferenceKind]
) -> dict[str, list[Difference]]:
    """Put together the differences that one error is about: external ID -> differences."""
    found: dict[str, list[Difference]] = {}
    for one in proof.of_kinds(*kinds):
        found.setdefault(_error_id(proof, one), []).append(one)
    return found


def _error_id(proof: StoreDayProof, difference: Difference) -> str:
    """Name what the error is about; IPOS's own counts are about a day, not about a document."""
    prefix, subject = location_prefix(proof.location_code), difference.subject
    return subject if subject.startswith(prefix) else f"{prefix}{proof.business_date}-{subject}"


def _close(
    work: Transaction, proof: StoreDayProof, found: Iterable[str], accepted: Iterable[str]
) -> None:
    still_open, still_accepted = set(found), set(accepted)
    otherwise = {one.subject: one.kind for one in proof.differences}
    reconciliation = f"the reconciliation of {proof.reconciled_at.astimezone(UTC):%Y-%m-%d %H:%M}"
    for record in work.errors.differences_of_day(proof.location_code, proof.business_date):
        key = record.external_id
        is_aside = record.status == SET_ASIDE
        if key in still_accepted or (key in still_open and not is_aside):
            continue
        how = f"{reconciliation} UTC found it in order"
        if key in still_open:
            how = f"{reconciliation} UTC found another difference than was accepted"
        elif key in otherwise:
            how = f"{reconciliation} UTC found it otherwise: {otherwise[key]}"
        work.errors.close([key], [Stage.RECONCILE], at=proof.reconciled_at, how=how)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the ledger knows of the subjects of differences, and what was found before."""

    proof: StoreDayProof
    found_before: frozenset[Difference]
    documents: Mapping[str, SourceDocument]
    entries: Mapping[str, PostingEntry]
    entries_of_documents: Mapping[str, list[PostingEntry]]
    kept_back: frozenset[str]

    @classmethod
    def read(cls, work: Transaction, proof: StoreDayProof, subjects: Iterable[str]) -> _Known:
        """Read it for the external IDs and document keys among `subjects`."""
        keys = list(subjects)
        before = work.proofs.of(proof.location_code, proof.business_date) if keys else None
        entries = work.entries.with_ids(keys)
        document_keys = {one.document_key for one in entries.values()} | set(keys)
        errors = work.errors.open_of_day(proof.location_code, proof.business_date)
        return cls(
            proof,
            frozenset(before.differences if before else ()),
            work.documents.by_key(document_keys),
            entries,
            work.entries.of_documents(keys),
            frozenset(one.external_id for one in errors if not one.is_difference),
        )

    def document_of(self, external_id: str) -> SourceDocument | None:
        """Give the landed invoice that a subject belongs to, if the ledger has it."""
        entry = self.entries.get(external_id)
        return self.documents.get(external_id if entry is None else entry.document_key)

    def makes_certain(self, difference: Difference, external_id: str) -> bool:
        """Tell whether it is more than the moment of the look; if not, a later look decides."""
        match difference.kind:
            case DifferenceKind.ABSENT_IN_NETSUITE:
                entry = self.entries.get(external_id)
                posted_at = entry.posted_at if entry else None
                return posted_at is None or posted_at <= self.proof.reconciled_at - SEARCH_LAG
            case DifferenceKind.SUMMARY_DIFFERS:
                # An invoice may come between the reads of its list and of its counts.
                return difference in self.found_before
            case DifferenceKind.NOT_SHOWN:
                return external_id not in self.kept_back and not self._is_waiting(external_id)
        return not self._is_waiting(external_id)

    def _is_waiting(self, document_key: str) -> bool:
        """Tell whether an invoice of which nothing was sent waits for a run, or has an error."""
        entries = self.entries_of_documents.get(document_key)
        if entries:
            return not any(one.status in BEGUN for one in entries)
        return document_key in self.kept_back and document_key in self.documents


def _failure(
    proof: StoreDayProof, external_id: str, differences: list[Difference], known: _Known
) -> Failure:
    """Put the differences of one subject into words; `response` keeps them as they were found."""
    document, entry = known.document_of(external_id), known.entries.get(external_id)
    words = [(DIFFERENCE_WORDS[one.kind], one) for one in differences]
    steps = dict.fromkeys(said.next_step for said, _ in words)
    return Failure(
        external_id=external_id,
        stage=Stage.RECONCILE,
        location_code=proof.location_code,
        business_date=proof.business_date,
        number=document.number if document else None,
        record_type=entry.record_type if entry else None,
        code=differences[0].kind,
        message=" ".join(f"{said.headline}: {one.detail}." for said, one in words),
        next_step=" ".join([*steps, OR_ACCEPT]),
        payload=document.payload if document else None,
        response=_DIFFERENCES.dump_json(tuple(differences)).decode(),
    )
