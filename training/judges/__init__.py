"""Who answers questions about pictures, and how replies become right or wrong."""
