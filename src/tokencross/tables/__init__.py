"""The pricing tables: what the YAML may say, reading it with line numbers, and the row in force at a date."""
