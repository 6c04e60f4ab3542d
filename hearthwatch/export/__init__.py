"""Whole collections as files for other programs, each with its provenance inside."""
