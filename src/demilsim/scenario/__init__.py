"""What is given: the schema of a scenario, its loader and the register of constants."""
