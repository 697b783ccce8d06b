"""Makes clips, traces and files whose truth is known."""
