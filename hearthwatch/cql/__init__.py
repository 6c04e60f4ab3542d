"""Filters in CQL2, text or JSON: read, checked and turned into a small tree of conditions.

Nothing in here touches a database: the store writes the tree as SQL, or asks it of each record.
"""
