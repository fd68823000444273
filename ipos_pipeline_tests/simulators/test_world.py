"""The world of both simulators, and the command that runs it."""

import os
import re
import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import simplejson
from joserfc import jwt
from joserfc.jwk import ECKey

from simulators.__main__ import _parser, _settings
from simulators.ipos import IposSimulator
from simulators.launch import READY_FILE, Settings, running
from simulators.netsuite import Latency, NetSuiteSimulator
from simulators.serving import open_port
from simulators.world import (
    SHOPS,
    Sales,
    World,
    build_world,
    configurations,
    location_codes,
    made_sales,
    reopen_world,
)

DAY = date(2026, 11, 20)
START_SECONDS_MAX = 30


def build(netsuite: NetSuiteSimulator, ipos: IposSimulator, **options: Any) -> World:
    """Build a small world."""
    sales = made_sales(DAY, invoices_per_location=20, **options)
    return build_world(netsuite, ipos, ipos_base_url="http://ipos", sales=sales)


def test_a_world_has_a_configuration_record_and_invoices_for_each_shop() -> None:
    """IPOS opens with the very credential that the record holds."""
    netsuite, ipos = NetSuiteSimulator(), IposSimulator()
    assert build(netsuite, ipos) == World(tuple(SHOPS), DAY, DAY)
    records = configurations(netsuite)
    assert list(records) == list(SHOPS)
    assert {name: one["invoices"] for name, one in ipos.summary().items()} == dict.fromkeys(
        SHOPS, 20
    )
    for code, record in records.items():
        header = record["custrecord_ipos_auth_header"].lower()
        location = ipos.access.authorize({header: record["custrecord_ipos_auth_value"]}, code)
        assert location.code == code
        assert record["custrecord_ipos_domain_url"] == "http://ipos"
    values = [record["custrecord_ipos_auth_value"] for record in records.values()]
    assert len(set(values)) == len(values)


def test_a_made_up_shop_has_a_location_a_customer_and_a_record_of_its_own() -> None:
    """As many shops as wanted: the four known ones come first."""
    assert location_codes(2) == ("DXB01", "DXB02")
    codes = location_codes(400)
    assert codes[3:6] == ("SHJ01", "SHP005", "SHP006")
    netsuite, ipos = NetSuiteSimulator(), IposSimulator()
    sales = made_sales(DAY, locations=codes, invoices_per_location=1)
    build_world(netsuite, ipos, ipos_base_url="http://ipos", sales=sales)
    records = configurations(netsuite)
    assert tuple(records) == codes
    assert records["SHP400"]["name"] == "Shop 400"
    for field in ("location", "customer", "auth_value"):
        assert len({one[f"custrecord_ipos_{field}"] for one in records.values()}) == len(codes)
    assert {one["invoices"] for one in ipos.summary().values()} == {1}


def test_every_item_that_is_sold_is_known_unless_one_is_to_be_missing() -> None:
    """A clean demo by default; with an unknown item one error can be watched."""

    def missing(*, unknown_item: bool) -> set[str]:
        sales = made_sales(DAY, unknown_item=unknown_item)
        sold = {line["PrimaryBarcode"] for one in sales.invoices for line in one["Lines"]}
        return sold - {item.barcode for item in sales.items}

    assert missing(unknown_item=False) == set()
    assert len(missing(unknown_item=True)) == 1


def test_a_reopened_world_keeps_what_happened_and_moves_the_address(tmp_path: Path) -> None:
    """A person's change to a record and its dates survive; only the address follows."""

    def start() -> tuple[NetSuiteSimulator, IposSimulator]:
        return (
            NetSuiteSimulator(database=str(tmp_path / "netsuite.sqlite")),
            IposSimulator(database=str(tmp_path / "ipos.sqlite")),
        )

    netsuite, ipos = start()
    built = build(netsuite, ipos)
    before = configurations(netsuite)["DXB01"]
    changed = {**before, "custrecord_ipos_auth_value": "rotated"}
    netsuite.put_custom_record("customrecord_ipos_configuration", changed, id=before["id"])
    ipos.close()
    netsuite, ipos = start()
    assert reopen_world(netsuite, ipos, ipos_base_url="http://elsewhere") == built
    after = configurations(netsuite)["DXB01"]
    assert after == {**changed, "custrecord_ipos_domain_url": "http://elsewhere"}
    assert ipos.access.authorize({"x-api-key": "rotated"}, "DXB01").code == "DXB01"


def query(client: httpx2.Client, ready: dict[str, Any], text: str) -> list[dict[str, str]]:
    """Sign in with what `simulators.json` says and run a SuiteQL query."""
    token_url = f"{ready['netsuite_base_url']}/services/rest/auth/oauth2/v1/token"
    now = int(time.time())
    claims = {
        "iss": ready["client_id"],
        "scope": "rest_webservices",
        "aud": token_url,
        "iat": now,
        "exp": now + 600,
        "jti": uuid4().hex,
    }
    header = {"alg": ready["jwt_algorithm"], "typ": "JWT", "kid": ready["certificate_id"]}
    key = ECKey.import_key(Path(ready["private_key_file"]).read_bytes())
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode(header, claims, key, algorithms=["ES256"]),
    }
    token = client.post(token_url, data=form).json()["access_token"]
    answer = client.post(
        f"{ready['netsuite_base_url']}/services/rest/query/v1/suiteql",
        headers={"Authorization": f"Bearer {token}", "Prefer": "transient"},
        json={"q": text},
    )
    assert answer.status_code == 200, answer.text
    items: list[dict[str, str]] = answer.json()["items"]
    return items


def test_all_three_answer_on_what_the_ready_file_says(tmp_path: Path) -> None:
    """The way of the pipeline: sign in, read the configuration, then read IPOS with it."""
    settings = Settings(tmp_path, lambda: made_sales(DAY, invoices_per_location=20))
    with running(settings) as ready, httpx2.Client() as client:
        assert simplejson.loads((tmp_path / READY_FILE).read_text()) == ready
        fields = ("location_code", "domain_url", "invoices_url", "auth_header", "auth_value")
        columns = ", ".join(f"custrecord_ipos_{field} AS {field}" for field in fields)
        shop, *_ = query(client, ready, f"SELECT {columns} FROM customrecord_ipos_configuration")
        page = client.get(
            shop["domain_url"] + shop["invoices_url"],
            params={"location": shop["location_code"]},
            headers={shop["auth_header"]: shop["auth_value"]},
        ).json()
        assert page["TotalRecords"] == 20
        items = query(client, ready, "SELECT id, upccode FROM item")
        barcodes = {line["PrimaryBarcode"] for one in page["Data"] for line in one["Lines"]}
        assert barcodes <= {item["upccode"] for item in items}
        with smtplib.SMTP(ready["smtp_host"], ready["smtp_port"]) as mail:
            mail.sendmail("a@example.com", ["b@example.com"], "Subject: hello\n\nhello")
    assert not (tmp_path / READY_FILE).exists()
    assert len(list((tmp_path / "mails").iterdir())) == 1


def test_a_restart_on_the_same_directory_has_the_same_addresses_and_key(tmp_path: Path) -> None:
    """Whatever was configured for the first run works for the second."""
    settings = Settings(tmp_path, lambda: made_sales(DAY, invoices_per_location=5))
    seen = []
    for _ in range(2):
        with running(settings) as ready:
            seen.append({**ready, "pid": None})
    assert seen[0] == seen[1]


@contextmanager
def command(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run `python -m simulators` and make sure that it ends."""
    line = [sys.executable, "-m", "simulators", *map(str, arguments)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        try:
            yield child
        finally:
            if child.poll() is None:
                child.kill()


def wait_for(path: Path, child: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for the ready file, as scripts do."""
    deadline = time.monotonic() + START_SECONDS_MAX
    while not path.exists():
        assert child.poll() is None, child.stderr and child.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    ready: dict[str, Any] = simplejson.loads(path.read_text())
    return ready


def test_the_ready_file_of_a_killed_process_is_gone_before_anything_is_ready(
    tmp_path: Path,
) -> None:
    """Else whoever waits for it goes on too early."""
    (tmp_path / READY_FILE).write_text("{}")

    def sales() -> Sales:
        assert not (tmp_path / READY_FILE).exists()
        return made_sales(DAY, invoices_per_location=1)

    with running(Settings(tmp_path, sales)):
        assert simplejson.loads((tmp_path / READY_FILE).read_text())["pid"] == os.getpid()


def test_the_command_ends_cleanly_on_sigterm(tmp_path: Path) -> None:
    """It says where everything is, and leaves no ready file behind."""
    options = ("--day", DAY, "--invoices-per-location", 10)
    with command("--state", tmp_path, *options) as child:
        ready = wait_for(tmp_path / READY_FILE, child)
        assert (ready["pid"], ready["first_day"]) == (child.pid, "2026-11-20")
        child.send_signal(signal.SIGTERM)
        output, errors = child.communicate(timeout=START_SECONDS_MAX)
    assert (child.returncode, errors) == (0, "")
    assert ready["ipos_base_url"] in output
    assert not (tmp_path / READY_FILE).exists()


def test_the_command_ends_with_its_parent_if_told_to(tmp_path: Path) -> None:
    """A killed demo leaves no servers behind."""
    script = (
        "import subprocess, sys, time;"
        "subprocess.Popen([sys.executable, '-m', 'simulators', *sys.argv[1:]]);"
        "time.sleep(60)"
    )
    line = [sys.executable, "-c", script, "--state", str(tmp_path), "--stop-with-parent"]
    with subprocess.Popen(line, stdout=subprocess.DEVNULL, text=True) as parent:
        try:
            ready = wait_for(tmp_path / READY_FILE, parent)
        finally:
            parent.kill()
    deadline = time.monotonic() + START_SECONDS_MAX
    while is_running := (tmp_path / READY_FILE).exists():
        if time.monotonic() > deadline:
            os.kill(ready["pid"], signal.SIGKILL)
            break
        time.sleep(0.05)
    assert not is_running


def test_the_command_shows_as_many_shops_and_lines_as_asked(tmp_path: Path) -> None:
    """What a benchmark sets reaches the simulators."""
    options = ("--locations", 9, "--invoices-per-location", 2, "--lines", 3, "--day", DAY)
    with command("--state", tmp_path, *options) as child:
        ready = wait_for(tmp_path / READY_FILE, child)
        invoices = httpx2.get(f"{ready['ipos_base_url']}/_simulator/invoices").json()
        child.send_signal(signal.SIGTERM)
        output, _ = child.communicate(timeout=START_SECONDS_MAX)
    assert ready["locations"][-1] == "SHP009"
    assert "9: DXB01" in output
    assert [len(one["Lines"]) for one in invoices] == [3] * 18


def test_the_command_takes_an_address_and_the_ids_to_sign_in_with(tmp_path: Path) -> None:
    """So the settings for it can be written down before it is started."""
    ids = ("--client-id", "demo", "--certificate-id", "certificate of the demo")
    options = ("--host", "127.0.0.9", "--day", DAY, "--invoices-per-location", 1)
    with command("--state", tmp_path, *options, *ids) as child, httpx2.Client() as client:
        ready = wait_for(tmp_path / READY_FILE, child)
        assert (ready["client_id"], ready["certificate_id"]) == (ids[1], ids[3])
        assert query(client, ready, "SELECT id, upccode FROM item")
    addresses = (ready["ipos_base_url"], ready["netsuite_base_url"])
    assert all(one.startswith("http://127.0.0.9:") for one in addresses)
    assert ready["smtp_host"] == "127.0.0.9"


def test_the_latency_of_the_command_line_has_its_spread() -> None:
    """The median and the standard deviation of the logarithm, as the account takes them."""
    options = _parser().parse_args(["--latency", "0.3", "--latency-sigma", "0.5"])
    assert _settings(options).latency == Latency(base_seconds=0.3, sigma=0.5)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--sales", "absent.parquet", "--from", DAY, "--to", DAY], "cannot read absent.parquet"),
        (["--sales", __file__, "--from", DAY, "--to", DAY], "(?i)parquet"),
        (["--sales", __file__], "--sales needs --from and --to"),
        (["--day", "yesterday"], "yesterday is no day"),
        (["--locations", 0], "0 is no number of 1 or more"),
        (["--lines", "many"], "many is no number of 1 or more"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(
    tmp_path: Path, options: list[object], reason: str
) -> None:
    """No traceback: the person can read what to change."""
    with command("--state", tmp_path, *options) as child:
        _, errors = child.communicate(timeout=START_SECONDS_MAX)
    assert child.returncode == 2
    [line] = errors.splitlines()
    assert re.search(reason, line)


def test_a_taken_port_is_one_line_that_names_it(tmp_path: Path) -> None:
    """The usual case: the simulators run already."""
    with open_port("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with command("--state", tmp_path, "--ipos-port", port) as child:
            _, errors = child.communicate(timeout=START_SECONDS_MAX)
    assert child.returncode == 2
    [line] = errors.splitlines()
    assert str(port) in line


def test_the_tba_token_of_the_ready_file_outlives_a_restart(tmp_path: Path) -> None:
    """A pipeline that was set up with it goes on; only the owner may read the secrets."""
    names = ("consumer_key", "consumer_secret", "token_id", "token_secret")
    settings = Settings(tmp_path, lambda: made_sales(DAY, invoices_per_location=1))
    with running(settings) as ready:
        first = [ready[name] for name in names]
    with running(settings) as ready:
        assert [ready[name] for name in names] == first
        assert (tmp_path / READY_FILE).stat().st_mode & 0o077 == 0
    assert len(set(first)) == len(names)
