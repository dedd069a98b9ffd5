"""The rows of an answer: what was asked, in which state it is, and its sealed transcript."""
