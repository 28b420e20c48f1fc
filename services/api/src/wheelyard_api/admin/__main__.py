"""Entry point: `wheelyard-admin`."""

import click

from wheelyard_api.admin.backups import backup, restore
from wheelyard_api.admin.check import check
from wheelyard_api.admin.edge import Admin
from wheelyard_api.admin.maintenance import maintenance
from wheelyard_api.admin.outbox import outbox
from wheelyard_api.admin.peppers import peppers
from wheelyard_api.admin.setup import bootstrap, credentials, make_bucket, migrate
from wheelyard_api.admin.smoke import smoke
from wheelyard_api.admin.tokens import token
from wheelyard_api.admin.upkeep import gc, reconcile, repair
from wheelyard_api.admin.users import user
from wheelyard_api.admin.waiting import wait_for_schema


@click.group(cls=Admin)
def main() -> None:
    """Administer a Wheelyard."""


for command in (
    *(migrate, wait_for_schema, make_bucket, bootstrap, credentials, check, smoke),
    *(user, token, peppers, outbox, maintenance),
    *(reconcile, gc, repair, backup, restore),
):
    main.add_command(command)


if __name__ == "__main__":
    main()
