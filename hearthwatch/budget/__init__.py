"""What may be spent on imagery: caps, reservations, and what is done when the budget runs short."""
