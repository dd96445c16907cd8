# For docs/configuration.md: a configuration with two mistakes.
cat >/etc/eve-meta/config.yaml <<END
log: lines
metrics: 127.0.0.1:9188
limits:
  requests_per_secnd: 50
  connections: 0
END
