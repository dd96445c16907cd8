# For docs/importing.md: a VM, a NoCloud seed, a mounted config drive, nova's files, and what a libvirt says of a domain.
guest web tap0
key="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBobtu8bH6TBSGbQW2YFZ5ZbGsYdNyPL0/4lQWEbzBfT alice@example.org"

mkdir seed
cat >seed/meta-data <<END
instance-id: iid-local01
local-hostname: web-1
public-keys: $key
END
cat >seed/user-data <<END
#cloud-config
packages: [nginx]
END
cat >seed/network-config <<END
version: 2
ethernets:
  id0:
    match: {macaddress: "fa:16:3e:00:00:01"}
    set-name: eth0
    mtu: 1450
    addresses: [10.0.0.5/24, "2001:db8::5/64"]
    gateway4: 10.0.0.1
    nameservers: {addresses: [10.0.0.2], search: [example.org]}
END
genisoimage -quiet -V cidata -J -R -o seed.iso seed

cat >meta_data.json <<END
{"uuid": "83679162-1378-4288-a2d4-70e13ec132aa", "name": "web-1", "hostname": "web-1.novalocal", "launch_index": 0,
 "project_id": "f7ac731cc11f40efbc03a9f9e1d1d21f", "availability_zone": "nova", "random_seed": "AAAA"}
END
cat >network_data.json <<END
{"links": [{"id": "tap9c", "vif_id": "9c", "type": "ovs", "mtu": 1450, "ethernet_mac_address": "fa:16:3e:9c:bf:3d"}],
 "networks": [{"id": "network0", "type": "ipv4_dhcp", "link": "tap9c", "network_id": "da5b"}], "services": []}
END

mkdir -p /mnt/openstack/latest /mnt/openstack/content
cp network_data.json seed/user-data /mnt/openstack/latest
mv /mnt/openstack/latest/user-data /mnt/openstack/latest/user_data
echo Welcome. >/mnt/openstack/content/0000
cat >/mnt/openstack/latest/meta_data.json <<END
{"uuid": "83679162-1378-4288-a2d4-70e13ec132aa", "name": "web-1", "hostname": "web-1.novalocal", "launch_index": 0,
 "project_id": "f7ac731cc11f40efbc03a9f9e1d1d21f", "availability_zone": "nova", "random_seed": "AAAA", "admin_pass": "x",
 "public_keys": {"alice": "$key"}, "files": [{"path": "/etc/motd", "content_path": "/content/0000"}]}
END

# As a real one has said it.
domain=$1/../../unit/hooks/libvirt/web-start.xml
virsh() { cat "$domain"; }
