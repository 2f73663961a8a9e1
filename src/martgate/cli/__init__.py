"""Defines the commands, one file for each family; heavy libraries are imported in them so that `--help` is fast."""
