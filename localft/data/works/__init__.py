"""Imports, checks, changes and files of many examples, which take minutes, as jobs."""
