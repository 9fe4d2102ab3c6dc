"""What a snapshot contains, and the forms it can be downloaded in."""
