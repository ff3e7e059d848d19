"""The worker: a process of the user's own that holds loaded models, and what commands do to use it.

- both sides: `messages` (what crosses the socket, and how), `values` (records and results in it), `place` (where the
  socket is, and that there is one worker), `sockets` (it, and whose it is), `identity` (whether a worker and a command
  mean the same)
- the command's side: `client` (the connection), `remote_run` (a run over it), `start`
- the worker's side: `server`, and `session`, one run, in a thread of `run_threads`
"""
