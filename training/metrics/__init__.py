"""What a model is measured by, a file a metric."""
