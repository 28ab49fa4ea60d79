# One line a parser of outside bytes.
