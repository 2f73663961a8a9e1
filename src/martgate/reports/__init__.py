"""Renders runs as pages, terminal text and machine formats; it decides nothing."""
