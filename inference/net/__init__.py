"""Pure torch: the core, partitions, ballots, composition, attribution. No Django in here."""
