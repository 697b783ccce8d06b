"""From colour over time to pulse: traces, methods, filters, spectra, quality, maps."""
