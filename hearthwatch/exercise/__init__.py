"""Exercises: events implanted into real scenes, so that the whole way can be tried on them."""
