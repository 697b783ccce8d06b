"""From evidence to an answer: calibrate, fuse, abstain."""
