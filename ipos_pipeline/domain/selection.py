"""Which errors or documents a person means: one form for the commands and the Dagster job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ipos_pipeline.domain.external_id import REFUND_SUFFIX, SALE_SUFFIX
from ipos_pipeline.domain.plain_text import is_storable
from ipos_pipeline.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Selection:
    """What is named under several heads must fit all of them; under one head, any of its words.

    An external ID may be given without its ending; then it means both documents of the invoice.
    """

    external_ids: frozenset[str] = frozenset()
    invoices: frozenset[str] = frozenset()
    locations: frozenset[str] = frozenset()
    days: frozenset[date] = frozenset()
    codes: frozenset[str] = frozenset()
    everything: bool = False

    @property
    def names_documents(self) -> bool:
        """Whether single documents are named, not a kind of them."""
        return bool(self.external_ids or self.invoices)

    @property
    def all_external_ids(self) -> frozenset[str]:
        """The external IDs as given, and with both endings."""
        given = self.external_ids
        return given | {one + end for one in given for end in (SALE_SUFFIX, REFUND_SUFFIX)}

    def checked(self) -> Selection:
        """Refuse to take a forgotten selection for everything."""
        heads = (self.external_ids, self.invoices, self.locations, self.days, self.codes)
        if not any(heads) and not self.everything:
            message = "Nothing is selected."
            raise ConfigurationError(
                message,
                recovery="Name external IDs, invoices, locations, days or codes;"
                " or say that you mean all: --all, or `everything` in the Launchpad.",
            )
        words = (*self.external_ids, *self.invoices, *self.locations, *self.codes)
        if not all(map(is_storable, words)):
            message = "The selection holds characters that no text can hold."
            raise ConfigurationError(
                message, recovery="Copy what you mean from the list of errors."
            )
        return self
