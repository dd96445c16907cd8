# For README.md: a disk for the VM.
truncate --size 64M debian.img
