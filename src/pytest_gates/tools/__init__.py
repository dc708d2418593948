"""What each external tool is asked, and how its answer is read, one tool a file. Pure."""
