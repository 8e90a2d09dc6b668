"""SimPy simulation of one programme: incidents, destruction, money. One replication is a function."""
