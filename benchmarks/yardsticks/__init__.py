"""Other implementations of the models, to measure and to check the package against."""
