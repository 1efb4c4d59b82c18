"""What make_starter_model.py is made of: word tables, text generators, tokenizer, training."""
