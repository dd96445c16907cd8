"""What the programs that start VMs say of one: libvirt's XML, QEMU's command line, Xen's environment.

Only functions of values are here; `eve_meta.cli.hook` reads, asks the agent and tells the log.
"""
