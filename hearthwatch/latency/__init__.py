"""How long it takes from a look to who is told, and to their answer."""
