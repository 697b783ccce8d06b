"""One file a detector, and the registry that names them all."""
