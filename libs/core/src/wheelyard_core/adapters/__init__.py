"""The world behind the ports: databases, blob stores, Redis, Celery."""
