"""What every page shares: the base layout, the macros, the built assets."""
