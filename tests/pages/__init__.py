"""The portal and the console, seen from outside."""
