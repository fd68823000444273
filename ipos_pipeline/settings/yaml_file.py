"""YAML files written by people: every mistake is told with file, line and field."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from ipos_pipeline.errors import ConfigurationError
from ipos_pipeline.settings.secret_files import refuse_exposed
from ipos_pipeline.settings.secret_values import secret_value

Model = TypeVar("Model", bound=BaseModel)


def load_yaml(
    path: Path,
    model: type[Model],
    *,
    environment: Mapping[str, str],
    secrets: Collection[str] = (),
) -> Model:
    """Read a YAML file into a model; `{env: NAME}` stands for the value of NAME or NAME_FILE.

    Raises ConfigurationError with the file, the line and the field; never with a value, which may
    be a secret. So it does where one of the fields `secrets` is written out and others than the
    file's owner may read it.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read: {error.__class__.__name__}"
        raise ConfigurationError(message) from error
    try:
        _refuse_aliases(text, path)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        message = f"{path}, {_yaml_problem(error)}"
        raise ConfigurationError(message) from None  # YAML's own error quotes the line
    except RecursionError:
        message = f"{path}, not valid YAML: lists and mappings are nested too deeply"
        raise ConfigurationError(message) from None
    except (ValueError, KeyError, IndexError, AttributeError, OverflowError):
        # What YAML's own constructors raise for a value that is not of the type it claims.
        message = f"{path}, not valid YAML: it holds a date or number that does not exist"
        raise ConfigurationError(message) from None
    if not isinstance(content, dict):
        message = f"{path}, line 1: expected a mapping such as `configurations:` with a list below"
        raise ConfigurationError(message)
    if _is_written_out(content, secrets):
        refuse_exposed(path, named="The file")
    filled = _fill(content, environment, path)
    try:
        return model.model_validate(filled)
    except ValidationError as error:
        raise ConfigurationError(_problems(error, root, path)) from None


def _refuse_aliases(text: str, path: Path) -> None:
    """Refuse `*name`: a short file of them can stand for a whole that never ends."""
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        if isinstance(token, yaml.AliasToken):
            message = (
                f"{path}, line {token.start_mark.line + 1}: write it out, without *{token.value}"
            )
            raise ConfigurationError(message)


def _yaml_problem(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: not valid YAML: {error.problem}"
    return f"not valid YAML: {error}"


def _is_written_out(value: Any, secrets: Collection[str]) -> bool:  # noqa: ANN401
    if isinstance(value, dict):
        return any(
            (name in secrets and isinstance(one, str)) or _is_written_out(one, secrets)
            for name, one in value.items()
        )
    return isinstance(value, list) and any(_is_written_out(one, secrets) for one in value)


def _fill(value: Any, environment: Mapping[str, str], path: Path) -> Any:  # noqa: ANN401
    if isinstance(value, list):
        return [_fill(one, environment, path) for one in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"env"}:
        name = str(value["env"])
        secret = secret_value(environment, name)
        if secret is None:
            message = f"{path}: the environment variable {name} that it names is not set"
            message += f", nor is {name}_FILE"
            raise ConfigurationError(message)
        return secret
    return {key: _fill(one, environment, path) for key, one in value.items()}


def _problems(error: ValidationError, root: yaml.Node | None, path: Path) -> str:
    lines = []
    for one in error.errors(include_url=False, include_input=False, include_context=False):
        location = [part for part in one["loc"] if part != "__root__"]
        field = ".".join(str(part) for part in location) or "file"
        said = one["msg"].removeprefix("Value error, ")
        lines.append(f"{path}, line {_line_of(root, location)}, {field}: {said}")
    return "\n".join(lines)


def _line_of(root: yaml.Node | None, location: list[int | str]) -> int:
    """Find the line of a field, or of the nearest thing around it that exists."""
    node, line = root, 1
    for part in location:
        found = _child(node, part)
        if found is None:
            break
        line, node = found
    return line


def _child(node: yaml.Node | None, part: int | str) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        item = node.value[part]
        return item.start_mark.line + 1, item
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == part:
                return key.start_mark.line + 1, value
    return None
