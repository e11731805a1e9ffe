"""The same method on the same grid in JAX, so that it can be differentiated. Loaded when asked."""
