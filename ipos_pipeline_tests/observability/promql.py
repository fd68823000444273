"""A reader of PromQL, as far as the alerts of this repository go; it refuses what it does not know.

Precedence and the places of `by`, `on` and ranges follow Prometheus's documentation ("Operators").
Not here: offsets, subqueries, `group_left`, numbers with units.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)(?![\w.])|(?P<name>[a-zA-Z_:][\w:]*)"
    r'|(?P<text>"[^"\\]*")|(?P<range>\[\d+[smhdw]\])|(?P<sign>=~|!~|==|!=|>=|<=|[-+*/(){},<>=]))'
)
AGGREGATIONS = {"sum", "min", "max", "count", "avg"}
FUNCTIONS = {"time": 0, "hour": 0, "absent": 1, "increase": 1, "rate": 1}
OF_RANGES = {"increase", "rate"}
LEVELS = [{"or"}, {"and", "unless"}, {"==", "!=", ">", "<", ">=", "<="}, {"+", "-"}, {"*", "/"}]


@dataclass
class Expression:
    """What an expression asks for: each metric with the labels that it is chosen by."""

    metrics: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(text.rstrip()):
            match = TOKEN.match(text, at)
            if match is None:
                raise SyntaxError(f"unknown: {text[at:]!r}")
            self._tokens.append((str(match.lastgroup), match[str(match.lastgroup)]))
            at = match.end()
        self.found = Expression()

    def expression(self, level: int = 0) -> None:
        if level == len(LEVELS):
            self._primary()
            return
        self.expression(level + 1)
        while self._next()[1] in LEVELS[level]:
            self._take()
            if self._next()[1] in {"on", "ignoring"}:
                self._take()
                self.found.labels |= self._names()
            self.expression(level + 1)

    def end(self) -> None:
        if self._tokens:
            raise SyntaxError(f"left over: {self._tokens}")

    def _primary(self) -> None:
        kind, word = self._take()
        if word == "(":
            self.expression()
            self._take(")")
        elif word in AGGREGATIONS:
            if self._next()[1] in {"by", "without"}:
                self._take()
                self.found.labels |= self._names()
            self._arguments(1)
        elif word in FUNCTIONS and self._next()[1] == "(":
            self._arguments(FUNCTIONS[word], ranges=word in OF_RANGES)
        elif kind == "name":
            self._selector(word)
        elif kind != "number":
            raise SyntaxError(f"no value: {word!r}")

    def _arguments(self, count: int, *, ranges: bool = False) -> None:
        self._take("(")
        for _ in range(count):
            self.expression()
            if (self._next()[0] == "range") != ranges:
                raise SyntaxError("a range where none may be, or none where one must be")
            if ranges:
                self._take()
        self._take(")")

    def _selector(self, metric: str) -> None:
        labels = set()
        if self._next()[1] == "{":
            self._take()
            while self._next()[1] != "}":
                kind, label = self._take()
                if kind != "name" or self._take()[1] not in {"=", "!=", "=~", "!~"}:
                    raise SyntaxError(f"no matcher: {label!r}")
                if self._take()[0] != "text":
                    raise SyntaxError(f"no text for {label!r}")
                labels.add(label)
                if self._next()[1] == ",":
                    self._take()
            self._take("}")
        self.found.metrics.append((metric, frozenset(labels)))

    def _names(self) -> set[str]:
        self._take("(")
        names = set()
        while self._next()[1] != ")":
            kind, name = self._take()
            if kind != "name":
                raise SyntaxError(f"no label: {name!r}")
            names.add(name)
            if self._next()[1] == ",":
                self._take()
        self._take(")")
        return names

    def _next(self) -> tuple[str, str]:
        return self._tokens[0] if self._tokens else ("", "")

    def _take(self, word: str | None = None) -> tuple[str, str]:
        if not self._tokens or (word is not None and self._tokens[0][1] != word):
            raise SyntaxError(f"{word or 'more'} is missing at {self._tokens[:3]}")
        return self._tokens.pop(0)


def read(text: str) -> Expression:
    """Read an expression. Raises SyntaxError."""
    reader = _Reader(text)
    reader.expression()
    reader.end()
    return reader.found
