"""Hints of heat as candidate events, and their end where the heat is no more."""
