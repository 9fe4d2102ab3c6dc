"""Files that anybody may send, made into rows. All of it runs in a limited child process."""
