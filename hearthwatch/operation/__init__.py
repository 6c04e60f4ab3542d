"""Keeping a service alive and its secrets safe: backups, restoring, sealing."""
