"""Commands of the layers of context."""

from __future__ import annotations

from typing import Any

from hearthwatch.cli.parts import add_command, add_group

KINDS = ("road", "industry", "flare", "reservoir", "mine", "solar", "field", "admin")


def layer(commands: Any) -> None:
    """Add `hearthwatch layer`."""
    group = add_group(commands, "layer", "roads, mines, reservoirs: what findings may lie on")
    read = add_command(group, "import", "layers:import_file", "take in a file of features")
    read.add_argument("kind", metavar="KIND", choices=KINDS, help=", ".join(KINDS))
    read.add_argument("file", metavar="FILE", help="GeoJSON, GeoPackage or FlatGeobuf")
    read.add_argument("--source", default="", help="whose drawing it is (the file's name)")
    read.add_argument(
        "--radius", type=float, default=10.0, metavar="M",
        help="half the width of lines, and the radius of points, metres (10)",
    )  # fmt: skip
    listing = add_command(group, "list", "layers:list_all", "list the layers, by kind")
    listing.add_argument("--removed", action="store_true", help="also those taken off")
    text = "take a layer off the list; keep its file"
    remove = add_command(group, "remove", "layers:remove", text)
    remove.add_argument("layer", metavar="ID", help="the id or its beginning")
