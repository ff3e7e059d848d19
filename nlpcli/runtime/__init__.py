"""What a run stands on, without a model: device, precision, batches, decode slots, what `nlpcli bench` found."""
