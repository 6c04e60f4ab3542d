"""One event out of many sources, and what people do with it."""
