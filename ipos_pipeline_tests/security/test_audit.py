"""What `make audit` makes of pip-audit's report."""

from typing import Any

from ipos_pipeline_tests.security.audit import judged


def report(*dependencies: dict[str, Any]) -> dict[str, Any]:
    return {"dependencies": list(dependencies), "fixes": []}


FINE = {"name": "click", "version": "8.5.1", "vulns": []}
SKIPPED = {"name": "httpx2", "skip_reason": "Dependency not found on PyPI"}
VULNERABLE = {
    "name": "jinja2",
    "version": "2.4.1",
    "vulns": [{"id": "PYSEC-2019-217", "aliases": ["CVE-2019-10906"], "fix_versions": ["2.10.1"]}],
}


def test_a_database_that_knew_no_package_has_not_been_asked() -> None:
    """The tool itself calls this "no known vulnerabilities" and ends with 0."""
    for nothing in (None, report(), report(SKIPPED, SKIPPED)):
        sentences, is_known = judged(nothing, {})
        assert "cannot be asked" in sentences[0]
        assert "lock, made on " in sentences[0]
        assert not is_known


def test_what_is_not_known_is_counted() -> None:
    sentences, is_known = judged(report(FINE, SKIPPED), {})
    assert sentences == ["1 packages of the lock were asked for, 1 are not known."]
    assert not is_known


def test_a_known_vulnerability_fails_with_the_version_that_mends_it() -> None:
    sentences, is_known = judged(report(FINE, VULNERABLE), {})
    assert sentences[0] == "jinja2 2.4.1: PYSEC-2019-217, fixed in 2.10.1"
    assert is_known


def test_a_vulnerability_is_let_through_by_any_of_its_names_with_a_reason() -> None:
    sentences, is_known = judged(report(VULNERABLE), {"CVE-2019-10906": "no sandbox is used"})
    assert sentences[0] == "jinja2 2.4.1: PYSEC-2019-217, let through: no sandbox is used"
    assert not is_known
