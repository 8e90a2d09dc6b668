"""Optimise disposal plans: MILP for commissionings, sequential LP on exact harm for flows, audit."""
