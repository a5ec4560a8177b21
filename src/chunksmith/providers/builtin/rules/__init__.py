"""What is asked of a sentence: one module for each shape that a sentence, or a part of it, can have."""
