"""What trains, a file or folder a kind."""
