"""What people observed round watched places: it raises the level of a watch, and nothing else."""
