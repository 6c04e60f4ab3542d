"""Asking servers: one transport for every provider that is reached over a network."""
