# The host of somebody who reads a page: nothing of it is this machine's, and an agent runs where commands look for it.
# Sourced by bash in a throw-away host, in an empty directory, before the page's own file.

# What is written to these is gone afterwards.
mkdir .written
mount -t tmpfs tmpfs .written
for each in etc mnt opt var/lib; do
    mkdir -p ".written/upper/$each" ".written/work/$each"
    mount -t overlay -o "lowerdir=/$each,upperdir=.written/upper/$each,workdir=.written/work/$each" overlay "/$each"
done
mkdir .written/home
HOME=$PWD/.written/home
# An answer that is an error is one of the command's, too.
printf 'fail-with-body\nsilent\nshow-error\n' >~/.curlrc
mkdir -p /etc/eve-meta/vms

# guest NAME TAP: a VM whose NIC is the other end of a link on the host
guest() {
    ip netns add "$1"
    ip link add "$2" type veth peer name eth0 netns "$1"
    ip link set "$2" up
    ip -n "$1" link set eth0 up
    ip -n "$1" addr add 10.0.0.5/24 dev eth0
    ip -n "$1" route add 169.254.169.254/32 dev eth0
}

# ask NAME PATH [CURL-OPTION…]: what the VM is answered, were it an error
ask() { ip netns exec "$1" curl --disable --silent --show-error "http://169.254.169.254$2" "${@:3}"; }

eve-meta agent 2>agent.log &
until eve-meta list >/dev/null 2>&1; do
    kill -0 $! || { cat agent.log >&2; exit 1; }
    sleep 0.1
done
