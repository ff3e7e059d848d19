"""What a run stands on, without a model: `device`, `cores`, `precision`, `arrivals`, `batching`,
`decode_slots`, and `bench_results`, what `nlpcli bench` found.
`repeats`: texts that come again; `runs`: what belongs to one run where a process has many.
"""
