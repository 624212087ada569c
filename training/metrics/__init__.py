"""What a model is measured by, a file a metric.

A metric's file says where the metric comes from, its formula, its range and what it cannot see. Others take
`measure_mean` and `compare_means` (`answer_accuracy.py`).
"""
