"""Turns documents into datasets for fine-tuning and evaluating language models."""

__version__ = "0.1.0"
