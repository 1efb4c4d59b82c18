"""What build/bootstrap.py does, with nothing but the standard library: look at the machine, plan, install, remember."""
