"""`hearthwatch layer import | list | remove`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hearthwatch.cli.call import Call
from hearthwatch.cli.report import Answer
from hearthwatch.cli.tables import table
from hearthwatch.context_layers import (
    Layer,
    LayerKind,
    import_layer,
    list_layers,
    remove_layer,
)
from hearthwatch.layout import Layout
from hearthwatch.words import counted


def import_file(call: Call) -> Answer:
    """Take a file of features in; one that is there already is noted again."""
    args = call.args
    path = Path(args.file).expanduser()
    layer = import_layer(
        _folder(call), LayerKind(args.kind), path, args.source, datetime.now(UTC), args.radius
    )
    text = f"{counted(layer.features, 'feature')} of kind {layer.kind} taken in: {layer.id}."
    return Answer({"layer": layer_value(layer)}, text)


def list_all(call: Call) -> Answer:
    """List the layers, by kind and name."""
    found = list_layers(_folder(call), removed=call.args.removed)
    rows = [
        (one.id, one.kind.value, one.name, f"{one.features:,}", one.source, _word(one))
        for one in found
    ]
    header = ("id", "kind", "file", "features", "source", "state")
    text = table(header, rows) if rows else "No layer is listed."
    return Answer({"layers": [layer_value(one) for one in found]}, text)


def remove(call: Call) -> Answer:
    """Take a layer off the list; its file and its record stay."""
    gone = remove_layer(_folder(call), call.args.layer, datetime.now(UTC))
    return Answer({"layer": layer_value(gone)}, f"{gone.name} is no longer listed.")


def layer_value(layer: Layer) -> dict[str, Any]:
    """Return a layer as JSON."""
    return {**asdict(layer), "kind": layer.kind.value, "removed": layer.is_removed}


def _word(layer: Layer) -> str:
    return "removed" if layer.is_removed else "listed"


def _folder(call: Call) -> Path:
    return Layout(call.settings.data_dir).layers(call.organisation)
