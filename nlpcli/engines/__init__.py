"""Where a job runs; the same job gives the same results everywhere, but for last digits.

`job` is what runs, `model_choice` what `--model auto` stands for in it. `local` runs it in this process, on as many
cores as `worker_pool` says, or on several `devices`; `exact` runs each unit by itself; `result_cache` is what `--cache`
keeps; `bench` measures what is fastest here.
`host` holds models for the runs of many, whose batches are `shared_batches`; the process that does so for commands is
in `worker/`. A job that is kept is computed in `shards/`, on many machines by `ray/`.
"""
