"""Fine-tune a language model on your own graphics card, and know that it got better."""

__version__ = "0.1.0"
