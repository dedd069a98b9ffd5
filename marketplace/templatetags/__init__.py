"""Words and figures that templates share."""
