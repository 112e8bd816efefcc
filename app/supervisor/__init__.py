"""``usher serve``: everything Usher needs on one machine, started, kept running and stopped together."""
