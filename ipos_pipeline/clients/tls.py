"""Whom the pipeline trusts: the system's certificate authorities, and beside them the company's.

Certificates and host names are always verified; there is no switch for it.
"""

from __future__ import annotations

import ssl
from pathlib import Path

import httpx2

from ipos_pipeline.errors import ConfigurationError

CA_FILE = "IPOS_PIPELINE_CA_FILE"

UNTRUSTED = (
    f"If your company's own authority signed it: name a PEM file of that authority in {CA_FILE}."
    " Otherwise have the certificate renewed, or the address corrected to the name it has."
)
"""What to do about a certificate that was refused."""


def trusted_authorities(ca_file: Path | None) -> ssl.SSLContext:
    """Trust the system's authorities (or `SSL_CERT_FILE` in their place) and those of a PEM file.

    Each call makes a context of its own: a client adds to it what its protocol needs. Raises
    ConfigurationError if a file holds none.
    """
    try:
        context = httpx2.create_ssl_context()
    except (OSError, ssl.SSLError) as error:
        message = f"SSL_CERT_FILE names no file of authorities ({type(error).__name__})."
        raise ConfigurationError(message, recovery="Correct SSL_CERT_FILE, or unset it.") from error
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ssl.SSLError) as error:
            message = f"{CA_FILE} {ca_file} holds no certificate authority that can be read."
            raise ConfigurationError(
                message, recovery=f"Point {CA_FILE} to a PEM file of CA certificates."
            ) from error
    return context


def refused_certificate(error: BaseException) -> str | None:
    """Say why a certificate was refused, if that is what an error comes from."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message
        cause = cause.__cause__ or cause.__context__
    return None
