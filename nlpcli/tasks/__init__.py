"""What is done to a batch of records: one file per task."""
