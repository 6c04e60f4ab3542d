"""Heat that satellites saw, held against settlements: a hint, never more, and never a look."""
