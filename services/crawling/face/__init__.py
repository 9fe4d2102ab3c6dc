"""What the HTTP face needs beside its routes."""
