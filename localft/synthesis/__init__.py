"""Documents to examples: passages, a model that writes from them, and what is kept of what it wrote."""
