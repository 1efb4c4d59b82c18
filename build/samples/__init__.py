"""What make_samples.py is made of: the sentences of the sample datasets."""
