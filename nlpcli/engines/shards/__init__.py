"""A job over files that loses nothing: shards, each computed alone and kept; the same on every machine of a kind.

`folder` keeps a job beside its output (manifest, marks, parts), `storage` its files, here or in a bucket; `parts` are
the results of a shard as bytes; `identity` is what they depend on, `earlier` what other plans of the job have computed.
`runner` computes a shard: `run_shard` writes its part and reports. `driver` opens a job, has shards computed here, or
elsewhere by a `crew`, or read back, and gives all records in order.
"""
