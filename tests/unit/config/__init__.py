"""From tables to a policy, and every sentence a wrong one is answered with."""
