"""Whole tasks: project, rebuild, score, digest."""
