"""Stand-ins for the services that the project talks to: real servers on loopback, which the real clients use."""
