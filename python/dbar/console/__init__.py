"""What the programs of dbar share in a terminal."""
