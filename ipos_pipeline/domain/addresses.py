"""Addresses of the other side: where a credential may travel, and where never.

An address in clear text is for this machine only. What is joined with a server's address stays on
that server, whoever wrote it.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urljoin, urlsplit

_HOST = re.compile(r"[A-Za-z0-9_.-]+|[0-9A-Fa-f:.]+")
_PLAIN = re.compile(r"[\x21-\x7e]+")
_DEFAULT_PORTS = {"https": 443, "http": 80}


def server_address(url: str) -> str:
    """Check the address of a server, without a slash at its end.

    Raises ValueError that says what is wrong, never with the address: it may hold a password.
    """
    parts = _parts(url)
    if parts.query or parts.fragment or url.endswith(("?", "#")):
        message = "must end with the server or a path on it, without ? and #"
        raise ValueError(message)
    return url.rstrip("/")


def address_on(server: str, path: str) -> str:
    """Give the address of a path on a server; a whole address is fine if it is on that server.

    Raises ValueError for one that is not, or that could be read in two ways.
    """
    if not _PLAIN.fullmatch(path) or "\\" in path or "#" in path or path.startswith("//"):
        raise ValueError(_NO_PATH)
    if urlsplit(path).scheme == "":
        return urljoin(server + "/", path.lstrip("/"))
    if _origin(_parts(path)) != _origin(_parts(server)):
        raise ValueError(_NO_PATH)
    return path


_NO_PATH = (
    "must be a path such as /api/invoices, or a whole address on the server of domain_url: the"
    " location's credential goes nowhere else"
)


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine, by what is written: no name is looked up."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def host_of(url: str) -> str:
    """Give the host of an address that was checked."""
    return urlsplit(url).hostname or ""


def _parts(url: str) -> SplitResult:
    parts = urlsplit(url) if _PLAIN.fullmatch(url) and "\\" not in url else urlsplit("")
    if parts.scheme not in _DEFAULT_PORTS or not _HOST.fullmatch(parts.hostname or ""):
        message = "must be an address such as https://ipos.example.com"
        raise ValueError(message)
    if "@" in parts.netloc:
        message = "must not hold a user name or password"
        raise ValueError(message)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        message = "must begin with https:// (http:// is for this machine only, such as 127.0.0.1)"
        raise ValueError(message)
    _ = parts.port  # raises ValueError for one that is none
    return parts


def _origin(parts: SplitResult) -> tuple[str, str | None, int]:
    return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS[parts.scheme]
