"""Pure functions of arrays: ageing, event rates, consequence, separation and harm."""
