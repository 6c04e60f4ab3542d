"""Why there was no alert: the passes, what each showed, and what held its evidence back."""
