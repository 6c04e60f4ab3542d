"""Scenes and pixels: sensors, providers, masks and the analysis-ready cube."""
