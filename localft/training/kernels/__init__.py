"""Parts of a model computed with less memory: the same mathematics, in plain torch, with gradients written by hand."""
