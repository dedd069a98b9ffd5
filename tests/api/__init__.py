"""One file for each part of the API: who may, who may not, and every bad input."""
