"""What a run stands on, without a model: `device`, `precision`, `batching`, `decode_slots`, and `bench_results`, what
`nlpcli bench` found.
"""
