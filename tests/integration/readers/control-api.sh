# For docs/control-api.md: a VM, and its document in JSON.
guest web tap0
echo '{"uuid": "6f0d4d3a-5b8c-4c39-9d53-0a7f3f0b7c11", "hostname": "web"}' >web.json
