"""What the shell sees: Typer and Rich, nothing heavy.

- from argv to a job: `app`, `commands` (the one table), `configured` and `profile` (settings as defaults),
  `arguments`, `numpy_threads`, `options` (those that tasks share), `option_names`, `vendored` (Click inside Typer)
- with a worker: `engine` (which one computes), `warm` (a call that it answers), `planning` and `planned` (it reads a
  command line), `serve` (the command)
- from options to a job: `make_job`, `plan` (what is to be done, and how it looks)
- from a job to an exit status: `run`, `resumable` (one that is kept), `progress`, `failures` (records that
  fail), `writers` (for whoever looks on),
  `console` (what is printed and asked)
- a file per task: `generate`, `translate`, `summarize`, `sentiment`, `embed`, `attention_inspect`, `words`, `bias`,
  `extract` (with `extract_mask`, `extract_schema`); `why` for those that explain their results
- a file per other command: `jobs`, `models`, `devices`, `bench`, `config`
- what is generated: `help` (headings), `syntax` (the command line as data), `manual`; completions in `completion/`
"""
