# Written by `python -m combinators stubs`: it would write over what is changed here.
