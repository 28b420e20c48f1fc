"""PostgreSQL and SQLite through SQLAlchemy. Rows never leave this package."""
