"""The privileged half: keeps the documents, wires the kernel, hands doors to the servers."""
