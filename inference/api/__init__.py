"""The users' REST API: OpenAI's endpoints, plans and receipts. A view parses, makes one call, and renders."""
