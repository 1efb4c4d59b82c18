"""Base against tuned: measurements, and the sentence they justify."""
