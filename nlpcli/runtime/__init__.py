"""What a run stands on, without a model: device, batches, decode slots, what `nlpcli bench` found."""
