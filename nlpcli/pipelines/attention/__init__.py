"""A text → what every head attends to, with measures and the check of the formula."""
