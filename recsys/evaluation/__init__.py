"""Evaluation of rankings: exact top lists, ranking and beyond-accuracy metrics, slices, and the paired bootstrap."""
