"""The checks of a store-day: their names, the sentence that is true when one is green, their table.

Belongs here: what each check claims, and which of them stops a run. Not here: what they compare
(invoice_checks.py, posting_checks.py, proof_checks.py). They run with their asset, as
`check_specs`, because a partitioned `@asset_check` is a preview in Dagster 1.13.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from ipos_pipeline.errors import PipelineError

NO_MISSING_INVOICES = "no_missing_invoices"
NO_MALFORMED_INVOICES = "no_malformed_invoices"
HEADER_TOTALS_MATCH_LINES = "header_totals_match_lines"
ONE_TAX_REGIME = "one_tax_regime"
NO_ZERO_QUANTITY_LINES = "no_zero_quantity_lines"
NO_CLOCK_SKEW = "no_clock_skew"
EVERY_LINE_SPLIT_ONCE = "every_line_split_once"
NO_FAILED_POSTINGS = "no_failed_postings"
NO_POSTINGS_IN_DOUBT = "no_postings_in_doubt"
POSTED_SAME_DAY = "posted_same_day"
ALL_ACKNOWLEDGED = "all_acknowledged"
ALL_ITEMS_KNOWN = "all_items_known"
ALL_MAILS_SENT = "all_mails_sent"
TOTALS_MATCH_NETSUITE = "totals_match_netsuite"
NO_DUPLICATES_IN_NETSUITE = "no_duplicates_in_netsuite"
NO_DRIFT_AFTER_POSTING = "no_drift_after_posting"
NO_GAPS_IN_NUMBERS = "no_gaps_in_numbers"
NO_DIFFERENCES_IN_SHADOW = "no_differences_in_shadow"

DESCRIPTIONS = {
    NO_MISSING_INVOICES: "The ledger holds as many invoices of the day as IPOS shows.",
    NO_MALFORMED_INVOICES: "Every invoice of the day could be read.",
    HEADER_TOTALS_MATCH_LINES: "The header of every invoice agrees with its lines, within the"
    " rounding tolerance.",
    ONE_TAX_REGIME: "The headers agree with the configuration on whether prices include tax; where"
    " several do not, nothing of the day is posted.",
    NO_ZERO_QUANTITY_LINES: "Every line was sold or returned; none has quantity zero.",
    NO_CLOCK_SKEW: "Every invoice's time lies on its business day and in the past.",
    EVERY_LINE_SPLIT_ONCE: "Every line of non-zero quantity is in exactly one of sale and refund"
    " lines, and each document's lines add up to what is planned for it.",
    NO_FAILED_POSTINGS: "Every document of the day is in NetSuite, or a person has set it aside.",
    NO_POSTINGS_IN_DOUBT: "Of every document that was sent it is known what became of it.",
    POSTED_SAME_DAY: "Every document was posted on its business day, or on the day on which IPOS"
    " first showed its invoice.",
    ALL_ACKNOWLEDGED: "IPOS has confirmed every invoice whose documents are all in NetSuite, and"
    " there is no other but those that a filter keeps out.",
    ALL_ITEMS_KNOWN: "NetSuite has an active inventory item for every barcode that was sold.",
    ALL_MAILS_SENT: "The mail server has taken every mail about errors and outages.",
    TOTALS_MATCH_NETSUITE: "IPOS, ledger and NetSuite agree document by document, to the cent.",
    NO_DUPLICATES_IN_NETSUITE: "NetSuite holds each document once, and none that the ledger does"
    " not know.",
    NO_DRIFT_AFTER_POSTING: "Nothing was edited, voided, deleted or moved after it was posted, in"
    " IPOS or in NetSuite.",
    NO_GAPS_IN_NUMBERS: "IPOS shows every number between the first and the last of the day.",
    NO_DIFFERENCES_IN_SHADOW: "The store-day is live; or what would be posted of it is what the"
    " script that this pipeline replaces has posted.",
}

BLOCKING = frozenset({ONE_TAX_REGIME})
"""Where going on would be wrong: what cannot be told apart would be posted with the wrong tax."""


def spec(name: str, asset: str) -> dg.AssetCheckSpec:
    """Declare a check of an asset."""
    return dg.AssetCheckSpec(
        name, asset=asset, description=DESCRIPTIONS[name], blocking=name in BLOCKING
    )


def stopped_by(
    check_name: str, metadata: Mapping[str, dg.MetadataValue[Any]], what: str
) -> PipelineError:
    """Tell what a blocking check has stopped in the words of that check."""
    message = (
        f"The check {check_name} has stopped the {what}, so nothing of it is posted."
        f" What should be true: {DESCRIPTIONS[check_name]}"
    )
    return PipelineError(message, recovery=str(metadata["recovery"].value))
