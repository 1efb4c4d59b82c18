"""Which examples are learned, which choose the best, and which measure: splits, golden questions, and the seal."""
