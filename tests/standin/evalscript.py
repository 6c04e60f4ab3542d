"""As much of an evalscript as is needed to answer it: its setup, and plain arithmetic."""

from __future__ import annotations

import ast
import json
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.standin.wire import bad_payload

_SAMPLE = re.compile(r"\b[A-Za-z_]\w*(?:\[\d+\])?\.([A-Za-z]\w*)")
_AMONG = re.compile(r"(\[[\d,\s]+\])\.includes\(([^()]+)\)")
_CHOICE = re.compile(r"\(([^()?]*(?:\([^()]*\))?)\s*\?([^():]+):([^()]+)\)")
_OPERATORS: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: np.divide,
    ast.USub: operator.neg, ast.GtE: operator.ge, ast.LtE: operator.le,
}  # fmt: skip
_FUNCTIONS: dict[str, Callable[..., Any]] = {"among": np.isin, "choice": np.where}
_DTYPES = {"UINT8": "uint8", "UINT16": "uint16", "INT16": "int16", "FLOAT32": "float32",
           "AUTO": ""}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Output:
    """One output; `names` are those of its bands, `dtype` is empty where the script leaves it."""

    name: str
    names: tuple[str, ...]
    dtype: str
    expressions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Script:
    """What a script asks for: bands with their units, and what it makes of them."""

    units: Mapping[str, str | None]
    outputs: tuple[Output, ...]
    mosaicking: str

    @property
    def bands(self) -> tuple[str, ...]:
        """Return the input bands."""
        return tuple(self.units)

    @property
    def mosaic_factor(self) -> bool:
        """Return whether every date counts as a sample."""
        return self.mosaicking in ("ORBIT", "TILE")


def read(text: str) -> Script:
    """Read a script of version 3.

    Raises
    ------
    Refused
        If it is none, or does what the stand-in cannot follow.
    """
    if not text.lstrip().startswith("//VERSION=3"):
        raise bad_payload("the evalscript is not of version 3")
    plain = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL)
    setup = _object(_after(plain, r"function\s+setup\s*\([^)]*\)\s*\{\s*return\b", "setup"))
    made = _after(plain, r"function\s+evaluatePixel\s*\([^)]*\)\s*\{.*?\breturn\b", "evaluatePixel")
    outputs = setup.get("output")
    stated: list[Any] = outputs if isinstance(outputs, list) else [outputs]
    returned = _returned(made)
    units: dict[str, str | None] = {}
    for entry in setup.get("input", []):
        units |= _units(entry)
    if not units or not all(isinstance(one, dict) for one in stated):
        raise bad_payload("setup() states no input or no output")
    return Script(
        units=units,
        outputs=tuple(_output(one, returned) for one in stated),
        mosaicking=str(setup.get("mosaicking", "SIMPLE")),
    )


def evaluate(expression: str, bands: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    """Return what an expression such as ``sample.B04 * 10000`` comes to.

    ``[8, 9].includes(x)`` and ``(x ? 0 : 1)`` are understood too.

    Raises
    ------
    Refused
        If it is more than that, or names a band that is not there.
    """
    asked = _AMONG.sub(r"among(\2, \1)", expression)
    asked = _CHOICE.sub(r"(choice(\1, \2, \3))", asked)
    try:
        tree = ast.parse(_SAMPLE.sub(r"\1", asked).strip(), mode="eval").body
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(_value(tree, bands))
    except (SyntaxError, KeyError, TypeError) as error:
        raise bad_payload(f"Script failed: {expression.strip()}: {error}") from error


def _value(tree: ast.expr, bands: Mapping[str, NDArray[Any]]) -> Any:
    if isinstance(tree, ast.Name):
        return bands[tree.id]
    if isinstance(tree, ast.Constant) and isinstance(tree.value, int | float):
        return tree.value
    if isinstance(tree, ast.UnaryOp) and type(tree.op) in _OPERATORS:
        return _OPERATORS[type(tree.op)](np.asarray(_value(tree.operand, bands), np.float64))
    if isinstance(tree, ast.BinOp) and type(tree.op) in _OPERATORS:
        left, right = _value(tree.left, bands), _value(tree.right, bands)
        # A script counts in floating point, whatever the bands are.
        return _OPERATORS[type(tree.op)](np.asarray(left, np.float64), right)
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name):
        return _FUNCTIONS[tree.func.id](*(_value(one, bands) for one in tree.args))
    if isinstance(tree, ast.List):
        return [_value(one, bands) for one in tree.elts]
    if isinstance(tree, ast.Compare) and len(tree.ops) == 1 and type(tree.ops[0]) in _OPERATORS:
        left, right = _value(tree.left, bands), _value(tree.comparators[0], bands)
        # True and false count as 1 and 0 in a script's arithmetic.
        return _OPERATORS[type(tree.ops[0])](np.asarray(left), right).astype(np.float64)
    raise TypeError("the stand-in follows arithmetic and comparisons only")


def _after(text: str, pattern: str, what: str) -> str:
    found = re.search(pattern, text, re.DOTALL)
    if found is None:
        raise bad_payload(f"the evalscript has no {what}() that returns something")
    rest = text[found.end() :].lstrip()
    return _balanced(rest) if rest[:1] in ("{", "[") else rest.split(";")[0].split("}")[0]


def _balanced(text: str) -> str:
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign in "{[(") - (sign in "}])")
        if depth == 0:
            return text[: place + 1]
    raise bad_payload("the evalscript has a bracket too few")


def _object(text: str) -> dict[str, Any]:
    """Read an object as JavaScript writes it: bare keys, single quotes, trailing commas."""
    quoted = text.replace("'", '"')
    keyed = re.sub(r"([{,]\s*)([A-Za-z_]\w*)\s*:", r'\1"\2":', quoted)
    try:
        document = json.loads(re.sub(r",(\s*[}\]])", r"\1", keyed))
    except ValueError as error:
        raise bad_payload(f"setup() returns no plain object: {error}") from error
    if not isinstance(document, dict):
        raise bad_payload("setup() returns no object")
    return document


def _units(entry: Any) -> dict[str, str | None]:
    if isinstance(entry, str):
        return {entry: None}
    bands = entry["bands"]
    units = entry.get("units")
    each = units if isinstance(units, list) else [units] * len(bands)
    return dict(zip(bands, each, strict=True))


def _returned(text: str) -> dict[str, tuple[str, ...]]:
    if not text.startswith("{"):
        return {"default": _list(text)}
    fields = (part.partition(":") for part in _split(text[1:-1]))
    return {name.strip(): _list(values) for name, _, values in fields}


def _list(text: str) -> tuple[str, ...]:
    inner = text.strip()
    return tuple(_split(inner[1:-1])) if inner.startswith("[") else (inner,)


def _split(text: str) -> list[str]:
    """Return what commas divide, those in brackets left alone."""
    parts, depth = [""], 0
    for sign in text:
        depth += (sign in "{[(") - (sign in "}])")
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts if part.strip()]


def _output(stated: dict[str, Any], returned: Mapping[str, tuple[str, ...]]) -> Output:
    name = str(stated.get("id", "default"))
    bands = stated.get("bands", 1)
    names = tuple(bands) if isinstance(bands, list) else tuple(f"B{n}" for n in range(bands))
    expressions = returned.get(name, ())
    if len(expressions) != len(names):
        raise bad_payload(f"output {name} has {len(names)} bands, returned are {len(expressions)}")
    kind = str(stated.get("sampleType", "AUTO"))
    if kind not in _DTYPES:
        raise bad_payload(f"sampleType {kind} is not known")
    return Output(name, names, _DTYPES[kind], expressions)
