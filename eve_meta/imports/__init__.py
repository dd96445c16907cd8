"""What other programs tell guests by -> a document: NoCloud seeds, OpenStack's files, libvirt's XML.

Only functions of values are here: bytes by the names of files make a document as plain data, with a note
for whatever a document cannot say. `eve_meta.cli.seeds` finds the bytes.
"""
