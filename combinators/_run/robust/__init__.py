"""Steps that are run again, instead, for so long, or once for all."""
