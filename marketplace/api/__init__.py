"""The owners' and consumers' REST API under /v1: each view parses, makes one domain call, and renders."""
