"""The verbs: request a check, analyse a clip, look at the history."""
