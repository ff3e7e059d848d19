"""Where a job runs; the same job gives the same results everywhere."""
