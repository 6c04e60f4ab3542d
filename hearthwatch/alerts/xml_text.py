"""Building XML out of text that others wrote."""

from __future__ import annotations

import re

from lxml import etree

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def root(namespace: str, name: str) -> etree._Element:
    """Return the first element of a document in one namespace, which needs no prefix."""
    # The stubs know of no default namespace.
    return etree.Element(f"{{{namespace}}}{name}", nsmap={None: namespace})  # type: ignore[dict-item]


def add(parent: etree._Element, name: str, text: str = "") -> etree._Element:
    """Add an element of the parent's own namespace, with text that XML can hold."""
    namespace = etree.QName(parent).namespace
    element = etree.SubElement(parent, f"{{{namespace}}}{name}")
    element.text = _NOT_XML.sub("", text) or None
    return element


def text_of(document: etree._Element) -> str:
    """Return a document as it is sent, in UTF-8."""
    return etree.tostring(document, xml_declaration=True, encoding="UTF-8").decode()
