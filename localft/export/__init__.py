"""Turning a run into a file for another program, with the proof that it is the trained model."""
