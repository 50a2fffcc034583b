"""What the benchmarks of generalization share: synthetic people, and the ratios printed."""
