"""Which passes there were, which are to be expected, and what became of those that did not come."""
