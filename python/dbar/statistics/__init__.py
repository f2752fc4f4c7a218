"""Numerics below all that learns: moments, ridge regression, latent spaces, errors from blocks."""
