"""Calibration sets: thresholds that keep a budget of false alarms, and what they rest on."""
