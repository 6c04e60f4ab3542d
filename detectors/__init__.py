"""The science, pure: from a cube and places to findings."""
