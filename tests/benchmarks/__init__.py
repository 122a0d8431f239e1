"""Benchmarks: ratios in one run against what a user would pick instead, alternating, medians. Never run by pytest."""
