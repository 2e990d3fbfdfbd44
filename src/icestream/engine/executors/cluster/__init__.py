"""Leases on other machines: nodes of a cluster, reached through Dask.

Dask brings bytes there and back and knows who has joined; the scripts of queuing systems are
dask-jobqueue's. Which node a lease runs on is chosen here, and on a node it is run by the same
executor as on one machine.
"""
