"""The instance identity document: what EC2 clients believe about where they run.

Unsigned: AWS signs its own, and no key of ours would be known to those who check it.
Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-identity-documents.html
"""

import json

from eve_meta.formats import derived
from eve_meta.tree import Leaf
from eve_meta.vm import VM

_DOCUMENT_VERSION = "2017-09-30"


def identity_document(vm: VM, _version: str) -> Leaf:
    """The document, indented as AWS does it; null where nothing is known."""
    address = derived.local_ipv4(vm)
    document = {
        "accountId": vm.project_id,
        "availabilityZone": vm.availability_zone,
        "imageId": derived.ami_id(vm),
        "instanceId": derived.instance_id(vm),
        "instanceType": derived.instance_type(vm),
        "kernelId": vm.ec2.kernel_id,
        "privateIp": address and str(address),
        "ramdiskId": vm.ec2.ramdisk_id,
        "region": derived.region(vm),
        "version": _DOCUMENT_VERSION,
    }
    return Leaf(json.dumps(document, indent=2).encode())
