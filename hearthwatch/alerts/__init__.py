"""Telling those who are to be told: messages, channels, attempts."""
