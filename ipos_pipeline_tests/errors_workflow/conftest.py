"""The pipeline on one simulated shop, with a real mail server on a port of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest

from ipos_pipeline.domain.error_mail import Shop
from ipos_pipeline.domain.integration_log import INTEGRATION_LOG
from ipos_pipeline.ledger.outages import Outage
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.steps.composing_mails import MailRules, compose_error_mails
from ipos_pipeline_tests.builders import LOCATION, NOON
from ipos_pipeline_tests.pipeline.conftest import Pipeline, instance, pipeline
from ipos_pipeline_tests.pipeline.test_sensors import requested, tick
from simulators.inbox import ReceivedMail, SmtpInbox

__all__ = ["instance", "pipeline"]

TICK_SECONDS = 15 * 60
SENDER = "pipeline@example.com"
OPERATIONS = "operations@example.com"
RULES = MailRules(SENDER, (OPERATIONS,), group_above=20)
"""From and to whom, and how many at once become one, as the tests set them."""


@dataclass
class Operation:
    """A pipeline that runs as the daemon runs it, and what people see of it."""

    pipeline: Pipeline
    inbox: SmtpInbox
    runs: list[str] = field(default_factory=list)

    def tick(self) -> list[str]:
        """Let the sensor look, run what it asks for, and let a quarter of an hour pass."""
        asked = requested(tick(self.pipeline))
        for key in asked:
            day, _, location = key.partition("|")
            self.pipeline.run(date.fromisoformat(day), location)
        self.runs += asked
        self.pipeline.world.clock.advance(TICK_SECONDS)
        return asked

    @property
    def mails(self) -> list[ReceivedMail]:
        """Every mail that the mail server has taken."""
        return self.inbox.messages

    def log_records(self) -> list[dict[str, Any]]:
        """Give the Integration Log as NetSuite has it, fields without their prefix."""
        return [
            {name.removeprefix("custrecord_ipos_log_"): value for name, value in record.items()}
            for record in self.pipeline.world.netsuite.custom_records(INTEGRATION_LOG)
        ]

    def log_requests(self, method: str) -> int:
        """Count the requests of a kind about the Integration Log."""
        return self.pipeline.requests(method, f"/record/v1/{INTEGRATION_LOG}/")

    def outages(self) -> list[Outage]:
        """List every outage that the ledger knows."""
        opened = self.pipeline.world.connections(**self.pipeline.environment)
        with opened as connections, connections.ledger.read() as work:
            return work.outages.all()


@pytest.fixture
def inbox() -> Iterator[SmtpInbox]:
    """A mail server that keeps what it takes."""
    with SmtpInbox() as started:
        yield started


def mail_environment(inbox: SmtpInbox) -> dict[str, str]:
    """Give the settings that send mails there."""
    return {
        "SMTP_HOST": inbox.host,
        "SMTP_PORT": str(inbox.port),
        "SMTP_SECURITY": "none",
        "ERROR_EMAIL_FROM": SENDER,
        "ERROR_EMAIL_TO": OPERATIONS,
    }


@pytest.fixture
def operation(pipeline: Pipeline, inbox: SmtpInbox) -> Operation:
    """The pipeline with a mail server; the shop has an address of its own."""
    pipeline.environment |= mail_environment(inbox)
    return Operation(pipeline, inbox)


def compose(ledger: LedgerStore, *, shop: Shop | None = None, at: Any = NOON) -> int:
    """Queue a mail for whatever people do not know; give how many mails."""
    return compose_error_mails(
        ledger,
        RULES,
        lambda: {} if shop is None else {LOCATION: shop},
        concerns=lambda _error: True,
        run="run-1",
        at=at,
    )
