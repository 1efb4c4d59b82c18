"""Parsers that run in a child process, one file a format: `records` of each yields what JSON can say.

They import nothing of localft but `child`, so that the child starts quickly.
"""
