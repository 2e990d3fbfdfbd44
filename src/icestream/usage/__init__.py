"""Usage statistics: what is counted where people want it, sent to a collector, and learnt of it."""
