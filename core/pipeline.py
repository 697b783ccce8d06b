"""The whole analysis on one page."""
