"""Runs: started and read without torch; the worker does the training."""
