"""Customers: why a refusal that points at the customer was given, as far as NetSuite shows it.

Belongs here: asking for the location's customer, once a run and only after a refusal: a role that
may not see customers must hold up nothing. Not here: the words (domain/customer.py), when a
document that waits for its customer is due again (releasing.py).
"""

from __future__ import annotations

import asyncio

from ipos_pipeline.clients.netsuite import NetSuiteClient
from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.domain.customer import customer_problem, points_at_customer
from ipos_pipeline.domain.problem import Problem
from ipos_pipeline.errors import PipelineError, RejectedError

CUSTOMER_TABLE = "customer"
"""SuiteQL's table of customers."""


class LocationCustomer:
    """One run's view of the customer that the location's configuration record names."""

    def __init__(self, netsuite: NetSuiteClient, configuration: IposConfiguration) -> None:
        self._netsuite = netsuite
        self._configuration = configuration
        self._answer: dict[str, bool] | PipelineError | None = None
        self._asking = asyncio.Lock()

    async def problem(self, refusal: RejectedError) -> Problem | None:
        """Tell what is wrong with the customer, or None: nothing that we see.

        A look-up that fails proves nothing; the refusal then stays as NetSuite worded it.
        """
        if not points_at_customer(refusal.path):
            return None
        async with self._asking:
            if self._answer is None:
                self._answer = await self._ask()
        if isinstance(self._answer, PipelineError):
            return None
        return customer_problem(self._configuration, self._answer, refusal.message)

    async def _ask(self) -> dict[str, bool] | PipelineError:
        try:
            customers = [self._configuration.customer]
            return await self._netsuite.inactive_by_id(CUSTOMER_TABLE, customers)
        except PipelineError as error:
            return error
