"""Inputs that are not what they should be: a grammar, fixed ones, and a command that tries as many as one likes.

`python -m tests.malformed 100000` reads that many from the grammar and prints what was slowest.
"""
