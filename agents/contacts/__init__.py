"""Finding people: who is asked for whom, whose address is right, and which seats of a committee stay empty."""
