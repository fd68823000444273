"""The part of the Compose specification that deploy/compose.yaml uses, as a JSON schema.

Source: compose-spec/compose-spec, 05-services.md to 09-secrets.md. What is not listed is refused,
so that a misspelt key, which Compose would refuse too, is seen without Docker.
"""

from __future__ import annotations

from typing import Any

STRING = {"type": "string"}
STRINGS = {"type": "array", "items": STRING}
FLAG = {"type": "boolean"}
DURATION = {"type": "string", "pattern": r"^(\d+(h|m|s))+$"}
BYTES = {"type": "string", "pattern": r"^\d+[kmg]b?$"}


def closed(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    """Describe a mapping that has these keys and no other."""
    shape = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**shape, "required": list(required)}


def by_name(value: dict[str, Any]) -> dict[str, Any]:
    """Describe a mapping of names to values."""
    return {
        "type": "object",
        "propertyNames": {"pattern": r"^[\w.-]+$"},
        "additionalProperties": value,
    }


HEALTHCHECK = closed(
    {
        "test": {"type": "array", "items": STRING, "contains": {"enum": ["CMD"]}},
        "disable": FLAG,
        **dict.fromkeys(("interval", "timeout", "start_period", "start_interval"), DURATION),
        "retries": {"type": "integer"},
    }
)
CONDITIONS = ["service_started", "service_healthy", "service_completed_successfully"]
GRANT = {"anyOf": [STRING, closed({"source": STRING, "target": STRING}, "source")]}
SERVICE = closed(
    {
        "image": STRING,
        "build": closed({"context": STRING, "target": STRING}, "context"),
        "profiles": STRINGS,
        "command": STRINGS,
        "user": {"type": "string", "pattern": r"^\d+:\d+$"},
        "init": FLAG,
        "read_only": FLAG,
        "tmpfs": STRINGS,
        "shm_size": BYTES,
        "cap_drop": STRINGS,
        "security_opt": STRINGS,
        "restart": {"enum": ["no", "always", "on-failure", "unless-stopped"]},
        "stop_signal": STRING,
        "stop_grace_period": DURATION,
        "logging": closed({"driver": STRING, "options": by_name(STRING)}, "driver"),
        "environment": by_name(STRING),
        "env_file": STRINGS,
        "secrets": {"type": "array", "items": GRANT},
        "configs": {"type": "array", "items": GRANT},
        "volumes": STRINGS,
        "ports": STRINGS,
        "networks": STRINGS,
        "network_mode": STRING,
        "healthcheck": HEALTHCHECK,
        "depends_on": by_name(closed({"condition": {"enum": CONDITIONS}}, "condition")),
    },
    "image",
    "user",
)
SOURCE = {**closed({"file": STRING, "content": STRING}), "minProperties": 1, "maxProperties": 1}
PROJECT = {
    **closed(
        {
            "name": {"type": "string", "pattern": r"^[a-z0-9][a-z0-9_-]*$"},
            "services": by_name(SERVICE),
            "networks": by_name({"anyOf": [{"type": "null"}, closed({"internal": FLAG})]}),
            "volumes": by_name({"type": "null"}),
            "configs": by_name(SOURCE),
            "secrets": by_name(SOURCE),
        },
        "services",
    ),
    "patternProperties": {"^x-": {}},
}
