"""What a tenant knows of the world: concepts in a tree."""
