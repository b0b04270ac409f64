"""The corpus: small programs that write tasks together with their right answers."""
