# scikit-learn ships no types. These are a part of it: what this project uses.
