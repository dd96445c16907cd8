#!/bin/sh
# The first process of a machine, in mount, process, host name and network namespaces of its own: lays out what
# the machine sees, says "up", and waits. Its root is this host's own under an overlay that keeps all changes.
# usage: init.sh EMPTY-DIRECTORY
set -eu
mount -t tmpfs tmpfs "$1"
cd "$1"
mkdir upper work root
mount -t overlay -o lowerdir=/,upperdir=upper,workdir=work overlay root
cd root

# An image that never booted: no resolver yet, for one that does not answer costs cloud-init 30 s.
rm -rf .dockerenv etc/cloud/cloud-init.disabled etc/resolv.conf var/lib/cloud
: >etc/resolv.conf

# systemd takes any process namespace for a container's, and cloud-init looks at no firmware in a container.
rm -f usr/bin/systemd-detect-virt
cat >usr/bin/systemd-detect-virt <<'END'
#!/bin/sh
case "$*" in *--container*) exit 1 ;; esac
echo kvm
END
chmod +x usr/bin/systemd-detect-virt

mount -t proc proc proc
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
mkdir run/lock dev/pts dev/shm
ln -s /proc/self/fd dev/fd
for each in null zero full random urandom tty; do
    : >"dev/$each"
    mount --bind "/dev/$each" "dev/$each"
done

# /sys/class: the real network devices, and a place for what the hardware says of itself.
mount -t sysfs sysfs sys
mkdir run/net
mount --bind sys/class/net run/net
mount -t tmpfs tmpfs sys/class
mkdir -p sys/class/net sys/class/dmi/id
mount --move run/net sys/class/net
rmdir run/net
# Read-only, so that systemd-networkd waits for no udev.
mount -o remount,bind,ro sys

hostname localhost
exec chroot . sh -c 'echo up; exec sleep infinity'
