"""Cost curves and their exact comparison: pure arithmetic that knows no table, no option and no chart."""
