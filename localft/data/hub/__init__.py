"""Datasets of the Hugging Face hub: what they hold, and the rows of one split. Nothing of them is ever run."""
