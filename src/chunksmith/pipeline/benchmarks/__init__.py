"""Benchmarks: suites, their data, the questions, and how answers of chat models are read."""
