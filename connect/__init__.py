"""HOW OTHERS PLUG IN: programs beside a deployment that speak to it over HTTP, and import nothing of it."""
