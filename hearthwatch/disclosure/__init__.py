"""What others than one's own organisation are told of an event, and who agreed to it."""
