"""Taxonomies from elsewhere and to elsewhere: tables of users, and the public metadata of the paper."""
