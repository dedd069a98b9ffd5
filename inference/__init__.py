"""HOW AN ANSWER IS MADE: admit, plan, hold, compose, measure, settle; and the users' REST API."""
