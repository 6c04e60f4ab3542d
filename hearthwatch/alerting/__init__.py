"""Who has to be told of what: written in the transaction that makes or changes an event."""
