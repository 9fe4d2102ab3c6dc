"""What a process is told from outside: settings, the profile, and where the things it uses are."""
