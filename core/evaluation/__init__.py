"""Dataset loaders in official layouts, metrics, tables."""
