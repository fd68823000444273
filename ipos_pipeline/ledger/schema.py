"""Tables of the ledger, readable in SQL by people: one row per thing, statuses as words.

Amounts are AED in hundredths (`_cents`), so that SQL adds them up exactly on SQLite and on
PostgreSQL; instants are UTC. Changes to these tables need a migration beside this file.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)

from ipos_pipeline.ledger.column_types import Cents, UtcDateTime, Words

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

source_document = Table(
    "source_document",
    metadata,
    Column("document_key", Text, primary_key=True),
    Column("source", String(20), nullable=False),
    Column("location_code", String(100), nullable=False),
    Column("business_date", Date, nullable=False),
    Column("number", Text, nullable=False),
    Column("occurred_at", UtcDateTime, nullable=False),
    Column("state", String(20), nullable=False, comment="planned, held by a problem, or filtered"),
    Column("filter_rule", String(50)),
    Column("payload", Text, nullable=False, comment="JSON as received"),
    Column("payload_hash", String(64), nullable=False),
    Column("source_total_cents", Cents, comment="what the source says the document comes to"),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("from_returns_feed", Boolean, nullable=False),
    Column(
        "listed_day", Date, comment="under whose hours the source last listed it as not told of"
    ),
    Column("listed_at", UtcDateTime, comment="when it did"),
    Column("latest_payload", Text, comment="a different version seen after posting began: drift"),
    Column("latest_hash", String(64)),
    Column("latest_seen_at", UtcDateTime),
    Column(
        "replanned_payload",
        Text,
        comment="the newer version that a person had the unposted side planned from",
    ),
    Column("replanned_hash", String(64)),
    Index(None, "location_code", "business_date"),
    Index(None, "location_code", "occurred_at"),
    Index(None, "location_code", "listed_day"),
)

posting_entry = Table(
    "posting_entry",
    metadata,
    Column("external_id", Text, primary_key=True),
    Column("document_key", ForeignKey("source_document.document_key"), nullable=False),
    Column("record_type", String(50), nullable=False),
    Column("location_code", String(100), nullable=False),
    Column("business_date", Date, nullable=False),
    Column("status", String(20), nullable=False),
    Column("payload_hash", String(64), nullable=False, comment="the version it was planned from"),
    Column("total_cents", Cents, nullable=False, comment="expected in NetSuite, tax included"),
    Column("tax_cents", Cents, comment="of the lines it is planned from"),
    Column("internal_id", String(50)),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("claimed_by", String(100)),
    Column("claimed_at", UtcDateTime),
    Column("next_attempt_at", UtcDateTime, comment="for rejected entries; none: only a person"),
    Column("posted_at", UtcDateTime),
    Column(
        "netsuite_modified",
        String(19),
        comment="lastmodifieddate as first seen after posting",
    ),
    Column("tran_date", Date, comment="what it is posted under; none: the business date"),
    Column("updated_at", UtcDateTime, nullable=False),
    Index(None, "document_key"),
    Index(None, "location_code", "business_date", "status"),
    Index(
        "ix_posting_entry_not_posted",
        "location_code",
        "status",
        sqlite_where=text("status <> 'posted'"),
        postgresql_where=text("status <> 'posted'"),
    ),
    Index(
        "ix_posting_entry_sending",
        "claimed_by",
        "claimed_at",
        sqlite_where=text("status = 'sending'"),
        postgresql_where=text("status = 'sending'"),
    ),
)

acknowledgement = Table(
    "acknowledgement",
    metadata,
    Column("document_key", ForeignKey("source_document.document_key"), primary_key=True),
    Column("location_code", String(100), nullable=False),
    Column("business_date", Date, nullable=False),
    Column("status", String(20), nullable=False, comment="due, acknowledged or withheld"),
    Column("due_at", UtcDateTime, nullable=False),
    Column("next_attempt_at", UtcDateTime, comment="after a refusal; none: at once"),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("acknowledged_at", UtcDateTime),
    Index(None, "location_code", "business_date", "status"),
    Index(
        "ix_acknowledgement_due",
        "location_code",
        sqlite_where=text("status = 'due'"),
        postgresql_where=text("status = 'due'"),
    ),
)

integration_error = Table(
    "integration_error",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("external_id", Text, nullable=False),
    Column("stage", String(20), nullable=False),
    # Or shadow: kept, and told to nobody (ADR 0025).
    Column("status", String(20), nullable=False, comment="open, set_aside or closed"),
    Column("location_code", String(100), nullable=False),
    Column("business_date", Date, nullable=False),
    Column("number", Words),
    Column("record_type", String(50)),
    Column("code", String(100), nullable=False),
    Column("message", Words, nullable=False),
    Column("next_step", Words, nullable=False),
    Column("path", Words),
    Column("reference", Words, comment="what was looked for and not found, such as a barcode"),
    Column("payload", Words),
    Column("request", Words),
    Column("response", Words),
    Column("attempts", Integer, nullable=False),
    Column("first_failed_at", UtcDateTime, nullable=False),
    Column("last_failed_at", UtcDateTime, nullable=False),
    Column("next_attempt_at", UtcDateTime, comment="none: time alone does not help"),
    Column("closed_at", UtcDateTime),
    Column("closed_how", Words),
    Index(None, "location_code", "business_date", "status"),
    Index(
        "uq_integration_error_not_closed",
        "external_id",
        "stage",
        unique=True,
        sqlite_where=text("status <> 'closed'"),
        postgresql_where=text("status <> 'closed'"),
    ),
)

event = Table(
    "event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("subject", Text, nullable=False, comment="external ID or document key"),
    Column("kind", String(50), nullable=False),
    Column("actor", String(200), nullable=False, comment="run ID, or who acted by hand"),
    Column("detail", Text, comment="JSON"),
    Index(None, "subject"),
)

outage = Table(
    "outage",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("system", String(200), nullable=False, comment="NetSuite, or IPOS of one location"),
    Column("message", Words, nullable=False),
    Column("recovery", Words, nullable=False),
    Column("failures", Integer, nullable=False, comment="runs and ticks that it has stopped"),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("last_failed_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Index(
        "uq_outage_open",
        "system",
        unique=True,
        sqlite_where=text("closed_at IS NULL"),
        postgresql_where=text("closed_at IS NULL"),
    ),
)

mail = Table(
    "mail",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("message_id", String(200), nullable=False, unique=True),
    Column("sender", Text, nullable=False),
    Column("recipients", Text, nullable=False, comment="addresses with a comma between"),
    Column("subject", Text, nullable=False),
    Column("content", Text, nullable=False, comment="the whole message, all ASCII"),
    Column("composed_at", UtcDateTime, nullable=False),
    Column(
        "attempts",
        Integer,
        nullable=False,
        server_default=text("0"),
        comment="begun, whatever became of them",
    ),
    Column(
        "next_attempt_at",
        UtcDateTime,
        nullable=False,
        comment="while one is sending it: when it counts as dead",
    ),
    Column("problem", Text, comment="why the last attempt failed"),
    Column("sent_at", UtcDateTime, comment="when the mail server took it"),
    Index(
        "ix_mail_queued",
        "next_attempt_at",
        sqlite_where=text("sent_at IS NULL"),
        postgresql_where=text("sent_at IS NULL"),
    ),
)

told_error = Table(
    "told_error",
    metadata,
    Column("error_id", ForeignKey("integration_error.id"), primary_key=True),
    Column("code", String(100), nullable=False, comment="the reason people know"),
    Column("message", Text, nullable=False),
    Column(
        "thread_id", String(200), nullable=False, comment="message ID of the first mail about it"
    ),
    Column("told_at", UtcDateTime, nullable=False),
)

told_outage = Table(
    "told_outage",
    metadata,
    Column("outage_id", ForeignKey("outage.id"), primary_key=True),
    Column(
        "thread_id",
        String(200),
        nullable=False,
        comment="message ID of the mail about its beginning",
    ),
    Column("began_told_at", UtcDateTime, nullable=False),
    Column("end_told_at", UtcDateTime),
)

told_day = Table(
    "told_day",
    metadata,
    Column("business_date", Date, primary_key=True),
    Column("message_id", String(200), nullable=False, comment="of the newest summary of the day"),
    Column("told_at", UtcDateTime, nullable=False),
)

log_record = Table(
    "log_record",
    metadata,
    Column("external_id", Text, primary_key=True),
    Column(
        "version",
        String(64),
        comment="hash of what NetSuite has; none: it may or may not have one",
    ),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("next_attempt_at", UtcDateTime, comment="after a failure; none: at once"),
    Column("problem", Text, comment="why the last attempt failed"),
    Column("updated_at", UtcDateTime, nullable=False),
)

finished_run = Table(
    "finished_run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run", String(100), nullable=False),
    Column("location_code", String(100), nullable=False),
    Column("business_date", Date, nullable=False),
    Column("record_type", String(50), nullable=False),
    Column(
        "unposted",
        Integer,
        nullable=False,
        comment="what may become such a document and is not posted",
    ),
    Column("finished_at", UtcDateTime, nullable=False),
    Index(None, "location_code", "record_type", "finished_at"),
)

store_day = Table(
    "store_day",
    metadata,
    Column("location_code", String(100), primary_key=True),
    Column("business_date", Date, primary_key=True),
    Column("looked_at", UtcDateTime, comment="when IPOS was last asked, a tick without a run too"),
    Column("unacknowledged", Integer, comment="invoices IPOS then showed as not acknowledged"),
    Column("shown_at", UtcDateTime, comment="when the list was last read to its end"),
    Column("shown_documents", Integer, comment="invoices of the day that IPOS then showed in all"),
    Column(
        "unread_since",
        UtcDateTime,
        comment="since when looks show more than is known, and no run has read the list",
    ),
)

store_day_proof = Table(
    "store_day_proof",
    metadata,
    Column("location_code", String(100), primary_key=True),
    Column("business_date", Date, primary_key=True),
    Column("reconciled_at", UtcDateTime, nullable=False),
    # Also where it is in shadow: nothing is ours to prove then, and the content says so.
    Column("is_proved", Boolean, nullable=False),
    Column(
        "differences",
        Integer,
        nullable=False,
        comment="that break the proof; 0 and not proved: totals differ",
    ),
    Column("content", Text, nullable=False, comment="JSON"),
)

counter = Table(
    "counter",
    metadata,
    Column("name", String(50), primary_key=True),
    Column("location_code", String(100), primary_key=True, comment="empty: of no location"),
    Column("kind", String(50), primary_key=True, comment="record type, where it is of documents"),
    Column("value", BigInteger, nullable=False, comment="only grows"),
)
