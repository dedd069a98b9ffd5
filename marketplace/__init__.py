"""WHO and WHAT: organisations, keys, sources, versions, policies, the owners' portal and the console."""
