"""Lists of invoices in one piece, as tests look at them."""

from datetime import date

from ipos_pipeline.clients.ipos import IposClient, RawInvoice, Which


async def whole_list(ipos: IposClient, day: date, which: Which) -> list[RawInvoice]:
    """Read a list to its end."""
    return [one async for page in ipos.invoices(day, which) for one in page]
