"""Checks on tables and assumptions: versions compared, drift from upstreams."""
