"""Bytes as text: by the mark they begin with, the encoding named, or else UTF-8 and no guess."""

from __future__ import annotations

import codecs

from hearthwatch.errors import RegionError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    # Before UTF-16, whose mark this one begins with.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def text_of(data: bytes, named: str, encoding: str | None) -> str:
    """Return the text that bytes are.

    Names that were read in a wrong encoding would be names of nowhere, so none is guessed.

    Parameters
    ----------
    named : str
        How the file is called in messages.
    encoding : str or None
        If it is known; the mark of a UTF-8, UTF-16 or UTF-32 file goes before it.

    Raises
    ------
    RegionError
        If it is not in that encoding, or the encoding is not known.
    """
    marked = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    name = marked or encoding or "utf-8"
    try:
        text = data.decode(name)
    except (ValueError, LookupError) as error:
        if encoding is None and marked is None:
            raise RegionError(
                f"{named} is neither GeoJSON nor CSV in UTF-8, nor a GeoPackage, FlatGeobuf, KML "
                "or shapefile: if it is text, name its encoding, as --encoding latin-1."
            ) from error
        raise RegionError(
            f"{named} is not in {name}: name its encoding, as --encoding latin-1."
        ) from error
    return text.removeprefix("\ufeff")
