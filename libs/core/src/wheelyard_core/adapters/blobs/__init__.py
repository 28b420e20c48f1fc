"""Object stores. `directory` is one folder of one machine, `s3` is MinIO, AWS or another S3."""
