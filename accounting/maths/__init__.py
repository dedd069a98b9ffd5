"""Scalar mathematics in float64 and integers: Renyi bounds, zCDP conversions, exact splits. No framework."""
