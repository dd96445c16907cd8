"""What is wrong with a host or an interface: by looking at the kernel, and by asking as a guest would."""
