"""Providers of scenes and pixels."""
