"""From rules and optimiser to a plan that the simulation has tested."""
