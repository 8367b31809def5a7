"""The questions that are asked of options, as functions on values."""
