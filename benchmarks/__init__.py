"""What the project measures of itself, each printing the table it is quoted for."""
