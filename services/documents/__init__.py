"""What pages and files are about: the ontology, classification, resources."""
