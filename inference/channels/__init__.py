"""The two ways an answer's events travel: inside one process, and over Redis Streams."""
