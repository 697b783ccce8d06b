"""Other readers of the pulse, run beside ours in environments of their own."""
