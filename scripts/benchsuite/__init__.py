"""The measurements behind ``make bench``, one subject to a module."""
