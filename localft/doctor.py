"""Look at this computer and say what to mend."""
