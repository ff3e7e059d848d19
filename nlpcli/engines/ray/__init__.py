"""`--engine ray`: the shards of a job computed on the nodes of a Ray cluster, which is given their numbers, not rows.

`worker` computes shards on a node: plain Python that knows no Ray. `cluster` is the connection to Ray: its nodes, and
the actors that hold a worker each. `crew` hands out the shards and says who computes them.
"""
