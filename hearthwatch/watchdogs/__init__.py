"""What is wrong with the service and what feeds it: found, kept as one alarm each, and told."""
