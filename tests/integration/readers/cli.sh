# For docs/cli.md: a VM with two NICs that has booted, another that is busy, and one whose port is gone.
guest web tap0
guest db tap1
ip link add tap2 type veth peer name tap2-nic
ip link set tap2 up
ip link add tap7 type veth peer name tap7-nic
ip link set tap7 up

cat >/etc/eve-meta/vms/web.yaml <<END
uuid: 6f0d4d3a-5b8c-4c39-9d53-0a7f3f0b7c11
name: web
availability_zone: eve-1a
user_data: |
  #!/bin/sh
END
mkdir /etc/eve-meta/at-boot
cp /etc/eve-meta/vms/web.yaml /etc/eve-meta/at-boot/tap0.yaml
echo "name: without" >/etc/eve-meta/at-boot/tap7.yaml

# What was before is told as events.
eve-meta attach tap0 /etc/eve-meta/vms/web.yaml
ask web /openstack/latest/user_data >/dev/null
ip netns exec eve-meta-tap0 iptables -t nat -F PREROUTING
until eve-meta events tap0 | grep -q "put right"; do sleep 0.1; done
eve-meta detach tap0

eve-meta attach tap2 /etc/eve-meta/vms/web.yaml
eve-meta attach tap0 /etc/eve-meta/vms/web.yaml
eve-meta attach tap1 - <<<"{uuid: 11111111-1111-4111-8111-111111111111, name: db, availability_zone: eve-1a}"
eve-meta attach tap7 - <<<"{uuid: 22222222-2222-4222-8222-222222222222, name: old}"
ip link del tap7

as_cloud_init() { ask "$1" "$2" --user-agent Cloud-Init/22.4.2 "${@:3}" >/dev/null; }
as_cloud_init web /openstack
as_cloud_init web /openstack/2018-08-27/meta_data.json
as_cloud_init web /openstack/2018-08-27/vendor_data3.json
as_cloud_init web /openstack/2018-08-27/user_data
as_cloud_init web /latest/meta-data/placement

mkdir ~/.ssh
openssl genrsa -out ~/.ssh/id_rsa 2048 2>/dev/null
openssl rsa -in ~/.ssh/id_rsa -pubout -out public 2>/dev/null
echo secret | openssl pkeyutl -encrypt -pubin -inkey public | base64 -w 0 >password
as_cloud_init web /openstack/latest/password --data-binary @password
as_cloud_init web /phone_home --data hostname=web
ask web /eve/v1/app/appCustomStatus --user-agent curl/7.88.1 --header Content-Type:application/json \
    --data '{"phase": "running", "containers": 3}'
as_cloud_init web /openstack/2018-08-27/user_data
as_cloud_init db /latest/meta-data/nothing
as_cloud_init db /latest/meta-data/placement

getent group libvirt >/dev/null || groupadd libvirt
{ printf '#\n%.0s' {1..15}; echo 'group: libvirt'; } >/etc/eve-meta/config.yaml
