"""STAC APIs and the files they list: search, dialects, offsets, reads of parts of files."""
