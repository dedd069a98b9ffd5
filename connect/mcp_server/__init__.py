"""A Model Context Protocol server: the market as tools of an assistant."""
