"""Real servers for tests: PostgreSQL, Redis, MinIO and versitygw.

Each is looked for in one order: an address in the environment, a program on the machine, a wheel
that carries one, a docker engine, a build of our own. What cannot be had is reported by name at
the end of the run (`report`), and is a failure with WHEELYARD_TEST_REQUIRE=all.
"""
