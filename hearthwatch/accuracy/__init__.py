"""How accurate this installation and this release are known to be, and where it is not known."""
