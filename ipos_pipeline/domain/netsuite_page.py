"""Where a person finds a transaction in NetSuite's own user interface."""

from collections.abc import Mapping

from ipos_pipeline.domain.netsuite_record import CASH_REFUND, CASH_SALE, RecordType

PAGES: Mapping[RecordType, str] = {CASH_SALE: "cashsale.nl", CASH_REFUND: "cashrfnd.nl"}
"""The page of each record type. Public code links to them; Oracle documents none of them."""


def transaction_page(account_id: str, record_type: RecordType, internal_id: str) -> str:
    """Build the address of a transaction's page; it asks who is not signed in to do so.

    The host is derived from the account ID as that of the REST services is, whatever
    NETSUITE_BASE_URL says: that variable names a service and not what people look at.
    """
    host = account_id.lower().replace("_", "-")
    page = PAGES[record_type]
    return f"https://{host}.app.netsuite.com/app/accounting/transactions/{page}?id={internal_id}"
