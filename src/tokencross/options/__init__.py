"""Ways to get tokens: each option is a recipe that becomes a cost curve for a workload at a date."""
