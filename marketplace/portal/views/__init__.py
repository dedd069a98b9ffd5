"""The portal's pages, one module per page: parse, one domain call, render."""
