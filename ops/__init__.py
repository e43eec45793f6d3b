"""Around the product: simulated systems, the demo, benchmarks, decisions, reference."""
