"""Lists of the administration: by page as everywhere, or (`pagination=keyset`) by id."""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar
from urllib.parse import urlencode

from flask import Response, jsonify, request

from wheelyard_api.rest.pagination import Page, address_of_request, paginated
from wheelyard_api.rest.params import Params
from wheelyard_core.domain.administration import Listed, Stretch
from wheelyard_core.domain.errors import InvalidInput

T = TypeVar("T")

_DIRECTIONS: Final = {"asc": False, "desc": True}
# What GitLab orders by and we have no time of: the nearest that we have.
_LIKE: Final = {"updated_at": "created_at", "last_activity_at": "created_at"}


def read_stretch(
    params: Params, orders: tuple[str, ...] = ("id",), default: str = "id_asc"
) -> tuple[Stretch, Page]:
    """Read which part of a list is asked for, in which of the *orders*."""
    page = Page.read(request.args)
    order_by, descending = _order(params, orders, default)
    method = params.text("pagination")
    if method not in {None, "", "legacy", "offset", "keyset"}:
        raise InvalidInput("pagination does not have a valid value: it is offset or keyset")
    if method != "keyset":
        return Stretch(page.size, page.offset, order_by, descending), page
    if params.text("order_by") not in {None, "", "id"}:
        raise InvalidInput("order_by must be id with pagination=keyset")
    after = params.number("id_before" if descending else "id_after")
    return Stretch(page.size, 0, "id", descending, keyset=True, after=after), page


def answer_list(
    listed: Listed[T], stretch: Stretch, page: Page, shown: Callable[[T], Mapping[str, object]]
) -> Response:
    """Return the answer with a part of a list. What is shown has an `id`."""
    items = [shown(item) for item in listed.items]
    if not stretch.keyset:
        return paginated(items, listed.total, page)
    response = jsonify(items)
    response.headers["X-Per-Page"] = str(page.size)
    if listed.more:
        name = "id_before" if stretch.descending else "id_after"
        kept = [(key, value) for key, value in request.args.items(multi=True) if key != name]
        query = urlencode([*kept, (name, str(items[-1]["id"]))])
        response.headers["Link"] = f'<{address_of_request()}?{query}>; rel="next"'
    return response


def _order(params: Params, orders: tuple[str, ...], default: str) -> tuple[str, bool]:
    """Read `order_by` and `sort`; newer addresses of GitLab's take `sort=created_at_desc`."""
    default_order, _, default_direction = default.rpartition("_")
    order_by, sort = params.text("order_by") or "", params.text("sort") or ""
    if not order_by and sort not in _DIRECTIONS and "_" in sort:
        order_by, _, sort = sort.rpartition("_")
        order_by = "created_at" if order_by == "created" else order_by
    order_by = _LIKE.get(order_by, order_by) or default_order
    sort = sort or default_direction
    if order_by not in orders:
        raise InvalidInput(
            f"order_by does not have a valid value: it is one of {', '.join(orders)}"
        )
    if sort not in _DIRECTIONS:
        raise InvalidInput("sort does not have a valid value: it is asc or desc")
    return order_by, _DIRECTIONS[sort]
