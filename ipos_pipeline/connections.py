"""Everything a run or a command needs to reach IPOS, NetSuite and the ledger, opened when needed.

Belongs here: putting settings, clients and the ledger together. Not here: what is done with them
(steps/), Dagster (defs/).
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Self, TypeVar

import httpx2

from ipos_pipeline.clients.bounded import (
    IPOS_ANSWER_BYTES_MAX,
    NETSUITE_ANSWER_BYTES_MAX,
    new_client,
)
from ipos_pipeline.clients.http import Pacing
from ipos_pipeline.clients.ipos import IposClient
from ipos_pipeline.clients.mail import MailClient
from ipos_pipeline.clients.netsuite import NetSuiteClient
from ipos_pipeline.clients.netsuite_auth import ClientCredentials, OAuth2ClientCredentials
from ipos_pipeline.clients.netsuite_tba import TbaCredentials, TokenBasedAuthentication
from ipos_pipeline.domain.configuration import RECORDS, IposConfiguration
from ipos_pipeline.domain.ipos_profile import IposProfile
from ipos_pipeline.domain.mapping import FieldMapping, MappingRules
from ipos_pipeline.errors import ConfigurationError, PipelineError, trouble_of
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.logs import LogFormat, start_logging
from ipos_pipeline.settings.configuration_records import (
    ConfigurationRecord,
    ConfigurationRecords,
    RecordProblem,
    read_configuration_file,
    read_configuration_records,
    read_mapping,
    read_profiles,
    sort_records,
)
from ipos_pipeline.settings.environment import LogSettings, Settings
from ipos_pipeline.steps.counting_requests import count_the_rest

T = TypeVar("T")

IPOS_CONNECTIONS_MAX = 20


def utc_now() -> datetime:
    """Tell the time; the one clock of the product."""
    return datetime.now(UTC)


def log_as_set(environment: Mapping[str, str], *, otherwise: LogFormat) -> None:
    """Write the log lines of this process as the environment says, or else in the given form.

    A wrong setting is told where all settings are read.
    """
    settings = LogSettings()
    with suppress(ConfigurationError):
        settings = LogSettings.from_environment(environment)
    start_logging(settings.log or otherwise, settings.log_level)


class Connections:
    """A context manager: what was opened inside is closed at its end.

    All requests of a run share one event loop, and so their connections and the access token.
    `transport` is the seam through which tests reach simulators without sockets.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        clock: Callable[[], datetime] = utc_now,
        pacing: Pacing | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._environment = environment
        self._transport = transport
        self._loop = asyncio.Runner()
        self.clock = clock
        self.pacing = pacing or Pacing()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        for name in ("_netsuite_http", "_ipos_http"):
            client = self.__dict__.pop(name, None)
            if client is not None:
                self.wait_for(client.aclose())
        ledger = self.__dict__.pop("ledger", None)
        if ledger is not None:
            ledger.close()
        self._loop.close()

    def count_requests(self, *, run: str) -> None:
        """Let the ledger add up what NetSuite was asked, where both were reached.

        Whoever opened this for a run calls it at its end; a ledger that fails then stops nothing.
        """
        if {"ledger", "netsuite"} <= self.__dict__.keys():
            with suppress(PipelineError):
                count_the_rest(self.ledger, self.netsuite.traffic, run=run)

    def another(self, concurrency: int) -> Connections:
        """Prepare connections of their own for a part of a run, with fewer requests in flight."""
        return Connections(
            {**self._environment, "NETSUITE_CONCURRENCY": str(concurrency)},
            clock=self.clock,
            pacing=self.pacing,
            transport=self._transport,
        )

    def wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        """Run asynchronous work to its end; its log lines say what those of the caller do."""
        return self._loop.run(work, context=contextvars.copy_context())

    @cached_property
    def settings(self) -> Settings:
        """The environment's settings. Raises ConfigurationError naming what is missing."""
        return Settings.from_environment(self._environment)

    @cached_property
    def ledger(self) -> LedgerStore:
        """The ledger, its tables brought up to date."""
        return LedgerStore.open(self.settings.ledger_url)

    @cached_property
    def netsuite(self) -> NetSuiteClient:
        """The NetSuite account."""
        return NetSuiteClient(
            self._netsuite_http,
            base_url=self.settings.netsuite_base_url,
            auth=self._netsuite_auth(),
            concurrency=self.settings.concurrency,
            clock=self.clock,
            pacing=self.pacing,
        )

    def _netsuite_auth(self) -> httpx2.Auth:
        oauth2, tba = self.settings.oauth2, self.settings.tba
        if tba is not None:
            token = TbaCredentials(
                account_id=self.settings.account_id,
                consumer_key=tba.consumer_key.get_secret_value(),
                consumer_secret=tba.consumer_secret.get_secret_value(),
                token_id=tba.token_id.get_secret_value(),
                token_secret=tba.token_secret.get_secret_value(),
            )
            return TokenBasedAuthentication(token, clock=self.clock)
        assert oauth2 is not None  # noqa: S101 - the settings hold one of the two
        credentials = ClientCredentials(
            client_id=oauth2.client_id,
            certificate_id=oauth2.certificate_id,
            private_key_pem=oauth2.private_key_pem(),
            algorithm=oauth2.jwt_algorithm,
        )
        return OAuth2ClientCredentials(
            credentials,
            base_url=self.settings.netsuite_base_url,
            client=self._netsuite_http,
            clock=self.clock,
            pacing=self.pacing,
        )

    @cached_property
    def mail(self) -> MailClient | None:
        """The mail server, or None where none is set."""
        mail = self.settings.mail
        if mail is None:
            return None
        return MailClient(mail.server, ca_file=self.settings.ca_file)

    @cached_property
    def records(self) -> ConfigurationRecords:
        """The active configuration records, read once; one that cannot be used raises nothing.

        What is opened for one run, tick or command goes by what they said then. Raises
        PipelineError if none can be read.
        """
        path = self.settings.configuration_file
        with trouble_of(RECORDS):
            read: Sequence[ConfigurationRecord | RecordProblem] = (
                self.wait_for(read_configuration_records(self.netsuite, self.mapping))
                if path is None
                else read_configuration_file(path, environment=self._environment)
            )
            return sort_records(read, profiles=self._profiles)

    def configurations(self) -> dict[str, IposConfiguration]:
        """Read what the records that can be used say, by location code."""
        return {code: record.configuration for code, record in self.records.usable.items()}

    def configuration(self, location_code: str) -> IposConfiguration:
        """Read what one location's record says; raises as `record` does."""
        return self.record(location_code).configuration

    def record(self, location_code: str) -> ConfigurationRecord:
        """Read one location's record. Raises ConfigurationError if it cannot be used, or is not."""
        return self.records.of(location_code)

    def profile(self, configuration: IposConfiguration) -> IposProfile:
        """Give the vendor's words for one location."""
        return self._profiles[configuration.profile]

    def ipos(self, configuration: IposConfiguration) -> IposClient:
        """Reach IPOS as one location."""
        return IposClient(
            self._ipos_http,
            configuration=configuration,
            profile=self.profile(configuration),
            clock=self.clock,
            pacing=self.pacing,
        )

    def mapping_rules(self, configuration: IposConfiguration) -> MappingRules:
        """Give what is static in the mapping of one location's documents."""
        return MappingRules(configuration, self.profile(configuration), self.mapping)

    def rules_by_location(self) -> dict[str, MappingRules]:
        """Give the mapping rules of every location whose record can be used as it stands now."""
        return {code: self.mapping_rules(one) for code, one in self.configurations().items()}

    @cached_property
    def _profiles(self) -> dict[str, IposProfile]:
        return read_profiles(self.settings.profile_file, environment=self._environment)

    @cached_property
    def mapping(self) -> FieldMapping:
        """What the account adds to the built-in mapping."""
        return read_mapping(self.settings.mapping_file, environment=self._environment)

    @cached_property
    def _netsuite_http(self) -> httpx2.AsyncClient:
        return new_client(
            transport=self._transport,
            connections_max=self.settings.concurrency,
            answer_bytes_max=NETSUITE_ANSWER_BYTES_MAX,
            ca_file=self.settings.ca_file,
        )

    @cached_property
    def _ipos_http(self) -> httpx2.AsyncClient:
        return new_client(
            transport=self._transport,
            connections_max=IPOS_CONNECTIONS_MAX,
            answer_bytes_max=IPOS_ANSWER_BYTES_MAX,
            ca_file=self.settings.ca_file,
        )
