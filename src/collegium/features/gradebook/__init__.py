"""The gradebook: what every learner has in every item, and the final grade that follows."""
