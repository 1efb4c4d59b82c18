"""Recipes, and what they will need and take on this machine; free of torch."""
