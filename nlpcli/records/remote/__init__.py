"""Files that are not on this machine: buckets, the hub, the web. Nothing of it is imported for local files and pipes.

`address` names one and knows no library; `stores` are where they lie, `protocol` is what is asked of all of them:
`buckets` by fsspec, `web` by HTTP; `failures` is what goes wrong there. `reading` is a file as a stream that goes on
where a connection broke off, `writing` one that appears whole.
"""
