"""What is collected from the code and the documents, for test_docs.py to compare.

Belongs here: finding names in source text. Not here: what must agree with what.
"""

import ast
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from ipos_pipeline.defs.assets import store_day_assets
from ipos_pipeline.defs.partitions import store_days
from ipos_pipeline.defs.standing_checks import STANDING_CHECKS
from ipos_pipeline.domain.netsuite_refusals import NEXT_STEPS
from ipos_pipeline.domain.problem import TAX_REGIME
from ipos_pipeline.domain.store_day_proof import FOR_A_PERSON
from ipos_pipeline.settings.environment import MailSettings, Settings
from ipos_pipeline.settings.netsuite_access import OAuth2Settings, TbaSettings
from ipos_pipeline.settings.secret_values import SECRETS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "ipos_pipeline"
DOCS = ROOT / "docs"
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]

INLINE_CODE = re.compile(r"`([^`\n]+)`")
FENCED_CODE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
PATH = re.compile(r"(?P<path>[\w.-]+(?:/[\w.-]*)*)(?::(?P<name>[\w.]+))?")
FILE_ENDINGS = (".py", ".md", ".yaml", ".toml", ".lock", ".example")

VARIABLE = re.compile(r"^#?([A-Z][A-Z0-9_]+)=(.*)$", re.MULTILINE)


def modules() -> Iterator[ast.Module]:
    for path in PACKAGE.rglob("*.py"):
        yield ast.parse(path.read_text(encoding="utf-8"))


def words_given_to(*functions: str, keyword: str) -> set[str]:
    """Collect the literal first, or so named, argument of each call of some functions."""
    words = set()
    for node in (node for module in modules() for node in ast.walk(module)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) in functions:
            given = [one.value for one in node.keywords if one.arg == keyword] or node.args[:1]
            literals = (one.value for one in given if isinstance(one, ast.Constant))
            words |= {literal for literal in literals if isinstance(literal, str)}
    return words


def check_names() -> set[str]:
    assets = store_day_assets(store_days(date(2026, 1, 1)))
    keys = {key for asset in (*assets, *STANDING_CHECKS) for key in asset.check_keys}
    return {key.name for key in keys}


def error_codes() -> set[str]:
    """Collect the codes of our own and those of NetSuite that we have an answer to."""
    ours = words_given_to("Problem", "Failure", keyword="code") | {TAX_REGIME}
    return ours | {str(kind) for kind in FOR_A_PERSON} | NEXT_STEPS.keys()


def exception_names() -> set[str]:
    tree = ast.parse((PACKAGE / "errors.py").read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.ClassDef)}


def variables_read() -> set[str]:
    """Collect the variables that settings name, and those read from an environment directly."""
    groups = (Settings, OAuth2Settings, TbaSettings, MailSettings)
    fields = (field for group in groups for field in group.model_fields.values())
    names = {field.alias for field in fields if field.alias}
    names |= {*SECRETS, *(f"{name}_FILE" for name in SECRETS)}
    for module in modules():
        constants = {
            target.id: node.value
            for node in module.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for key in (key for node in ast.walk(module) for key in _keys_read(node)):
            value = constants.get(key.id) if isinstance(key, ast.Name) else key
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                names.add(value.value)
    return names


def _keys_read(node: ast.AST) -> list[ast.expr]:
    """Give the key of `environment.get(KEY)` and of `os.environ[KEY]`."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        return [node.slice] if _is_environment(node.value) else []
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.args[:1] if node.func.attr == "get" and _is_environment(node.func.value) else []
    return []


def _is_environment(node: ast.expr) -> bool:
    return getattr(node, "id", None) == "environment" or getattr(node, "attr", None) == "environ"


def environment_of_example(*, with_optional: bool) -> dict[str, str]:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    return {
        match[1]: match[2]
        for match in VARIABLE.finditer(text)
        if with_optional or not match[0].startswith("#")
    }


def text_files() -> Iterator[tuple[Path, str]]:
    """Give the files that people wrote: no caches, no environment, nothing binary."""
    for top in ROOT.iterdir():
        if top.name.startswith(".") and not top.name.startswith((".env.example", ".git")):
            continue
        if top.name in {".git", "data", "build"} or top.suffix == ".egg-info":
            continue
        for path in [top] if top.is_file() else top.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                try:
                    yield path, path.read_text(encoding="utf-8")
                except UnicodeDecodeError:
                    continue


def references() -> Iterator[tuple[Path, str, re.Match[str]]]:
    """Give what stands in backticks and looks like a path of this repository."""
    for document in DOCUMENTS:
        prose = FENCED_CODE.sub("", document.read_text(encoding="utf-8"))
        for word in INLINE_CODE.findall(prose):
            match = PATH.fullmatch(word)
            if match and ("/" in word or match["path"].endswith(FILE_ENDINGS)):
                yield document, word, match


def names_defined_in(path: Path) -> set[str]:
    """List a module's functions, classes, methods and constants."""
    names = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            members = [one for one in node.body if hasattr(one, "name")]
            names |= {f"{node.name}.{getattr(one, 'name', '')}" for one in members}
        if hasattr(node, "name"):
            names.add(node.name)
        targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
        names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names
