"""Ensembles of replications, comparisons, funding curves and sweeps."""
