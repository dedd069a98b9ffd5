"""The operators' console under /admin: what is special to this market beyond tables of rows."""
