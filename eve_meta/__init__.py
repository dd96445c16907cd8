"""Cloud metadata for the VMs of one hypervisor, told apart by the interface they ask from."""
