"""Sentinel Hub: what is asked of it, and the proof of what it answers."""
