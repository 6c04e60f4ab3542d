"""Everything addressed by a tile: the work grid, the archive of masters, state slabs, pictures."""
