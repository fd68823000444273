"""Where a transaction is seen in NetSuite."""

import pytest

from ipos_pipeline.domain.netsuite_page import transaction_page
from ipos_pipeline.domain.netsuite_record import CASH_REFUND, CASH_SALE, RecordType


@pytest.mark.parametrize(
    ("account_id", "record_type", "page"),
    [
        ("1234567", CASH_SALE, "https://1234567.app.netsuite.com/{}/cashsale.nl?id=81"),
        ("1234567_SB1", CASH_SALE, "https://1234567-sb1.app.netsuite.com/{}/cashsale.nl?id=81"),
        ("TSTDRV99", CASH_REFUND, "https://tstdrv99.app.netsuite.com/{}/cashrfnd.nl?id=81"),
    ],
)
def test_the_page_of_a_transaction_is_on_its_accounts_host(
    account_id: str, record_type: RecordType, page: str
) -> None:
    expected = page.format("app/accounting/transactions")
    assert transaction_page(account_id, record_type, "81") == expected
