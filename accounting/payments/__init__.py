"""Money from outside: providers behind one interface, their webhooks, and what they do to wallets."""
