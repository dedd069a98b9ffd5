"""What the market promises: keys, policies, admission, training, storage."""
