"""How fast, how large, how soon: `python -m ops.bench` measures and compares with the targets."""
