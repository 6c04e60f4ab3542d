"""Parts of a page that needs nothing from outside: its frame, tables and pictures."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#1d2329}
body{max-width:68rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2.2rem}h3{font-size:1rem;margin-top:1.4rem}
table{border-collapse:collapse;width:100%;font-size:.85rem;margin:.6rem 0}
caption{text-align:left;font-weight:600;padding:.3rem 0}
th,td{border-bottom:1px solid #d5d9dd;padding:.3rem .5rem;text-align:left;vertical-align:top}
tbody th{font-weight:400}
dt{font-weight:600;margin-top:.5rem}dd{margin-left:1rem}img{max-width:100%}
.mode{font-size:3.2rem;font-weight:800;letter-spacing:.2em;color:#fff;background:#b91c1c;
text-align:center;padding:.4rem}
.note{color:#5b6670;font-size:.85rem}
"""
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def framed(title: str, parts: Iterable[str]) -> str:
    """Return a whole page; empty parts are left out."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(part for part in parts if part)
        + "\n</body></html>\n"
    )


def table(header: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """Return a table whose first column names its rows."""
    titled = f"<caption>{escape(caption)}</caption>" if caption else ""
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in header)
    body = "".join(f"<tr>{_row(row)}</tr>" for row in rows)
    return f"<table>{titled}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def svg(text: str, words: str) -> str:
    """Return a drawing with what it shows in words."""
    return _picture("image/svg+xml", text.encode(), words)


def png(content: bytes, words: str) -> str:
    """Return a picture with what it shows in words."""
    return _picture("image/png", content, words)


def _row(cells: Sequence[str]) -> str:
    name, *others = cells
    told = "".join(f"<td>{escape(cell)}</td>" for cell in others)
    return f'<th scope="row">{escape(name)}</th>{told}'


def _picture(kind: str, content: bytes, words: str) -> str:
    data = base64.b64encode(content).decode("ascii")
    return f'<img alt="{escape(words)}" src="data:{kind};base64,{data}">'
