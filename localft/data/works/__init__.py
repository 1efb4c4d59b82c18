"""Imports and checks that take minutes, as jobs."""
