"""Plays simulated days of a line and holds the forecast against what came; see docs/forecast.md."""
