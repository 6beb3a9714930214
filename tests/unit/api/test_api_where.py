"""Filters that are put together, and figures over the whole list."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from api.graphql.connection import write_cursor
from graph.queries import customer, order, product
from graph.queries.grouping import groups_statement
from graph.queries.listing import page_statement, totals_statement
from graph.queries.paging import Position
from graph.queries.where import shape_of

FILTER = "query($w: CustomerWhere) { customers(where: $w) { nodes { key } } }"
TOTALS = """{ customers(where: {city: {eq: "Hangzhou"}}, first: 1) { nodes { key } totals { count
  revenue { sum min max avg count } orderCount { sum min max avg } firstRegisteredAt } } }"""


def test_and_or_and_not_reach_the_statement(api: Any):
    where = {
        "city": {"eq": "Hangzhou"},
        "or": [{"revenue": {"in": ["12.50"]}}, {"orderCount": {"eq": 2}}],
        "not": {"consent": ["OFFERS"]},
    }

    api.data(FILTER, w=where)

    filters = {
        "city_eq": "Hangzhou",
        "or": [{"revenue_cents_in": [1_250]}, {"order_count_eq": 2}],
        "not": {"consent_offers": True},
    }
    shape, values = shape_of(filters)
    [(statement, parameters)] = api.reader.reads
    whole = page_statement(customer.LISTING, customer.ORDERINGS["key"], shape, False, False, False)
    assert statement == whole.only(frozenset({"key"}))
    assert parameters == {**values, "limit": 20}


def test_too_many_conditions_are_refused(api: Any):
    many = {"or": [{"city": {"eq": "x"}}] * 33}

    [error] = api.ask(FILTER, w=many)["errors"]

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "at most 32 conditions" in error["message"]


@pytest.mark.parametrize("depth", [9, 150, 220])
def test_conditions_nested_out_of_all_measure_are_refused(api: Any, depth: int):
    where: dict[str, Any] = {"city": {"eq": "x"}}
    for _ in range(depth):
        where = {"not": where}

    answer = api.post(FILTER, variables={"w": where})

    assert answer.status_code == 200
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


def test_figures_are_computed_only_when_they_are_asked_for(api: Any):
    answers = {
        "count": 3, "revenue_sum": 7_051, "revenue_min": 0, "revenue_max": 5_200,
        "orders_sum": 3, "orders_min": 0, "orders_max": 2, "first_registered_at": None, "last_registered_at": None,
    }  # fmt: skip
    api.reader.when(totals_statement(customer.TOTALS, ("city_eq",)), lambda _: [answers])

    totals = api.data(TOTALS)["customers"]["totals"]

    assert totals["count"] == 3
    assert totals["revenue"] == {"sum": "70.51", "min": "0.00", "max": "52.00", "avg": "23.50", "count": 3}
    assert totals["orderCount"] == {"sum": 3.0, "min": 0, "max": 2, "avg": 1.0}
    assert len(api.reader.reads) == 2


GROUPS = """query($first: Int! = 20) { customers(where: {city: {eq: "Hangzhou"}}) {
  groups(by: DISTRICT, first: $first) { value totals { count revenue { sum } } } } }"""


def test_groups_are_one_statement_and_read_no_page(api: Any):
    figures = {
        "count": 2, "revenue_sum": 5_200, "revenue_min": 0, "revenue_max": 5_200,
        "orders_sum": 2, "orders_min": 0, "orders_max": 2, "first_registered_at": None, "last_registered_at": None,
    }  # fmt: skip
    statement = groups_statement(customer.GROUPING, "district", ("city_eq",))
    api.reader.when(statement, lambda _: [{"group_value": None, **figures}])

    groups = api.data(GROUPS)["customers"]["groups"]

    assert groups == [{"value": None, "totals": {"count": 2, "revenue": {"sum": "52.00"}}}]
    assert api.reader.reads == [(statement, {"city_eq": "Hangzhou", "first": 20})]


@pytest.mark.parametrize("first", [0, -1, 401])
def test_more_groups_than_the_most_are_refused(api: Any, first: int):
    [error] = api.ask(GROUPS, first=first)["errors"]

    assert (error["extensions"]["code"], error["extensions"]["maximum"]) == ("BAD_USER_INPUT", 400)
    assert api.reader.reads == []


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        ({"gte": "1.991"}, {"gte": 200}),
        ({"gt": "1.991"}, {"gt": 199}),
        ({"lt": "1.999"}, {"lt": 200}),
        ({"lte": "1.999"}, {"lte": 199}),
        ({"gte": "-1.991", "lte": "-1.99"}, {"gte": -199, "lte": -199}),
        ({"eq": "1.999"}, {"eq": None}),
        ({"in": ["1.999", "2.00"]}, {"in": [200]}),
    ],
)
def test_bounds_between_two_hundredths_hold_for_the_amounts_that_they_hold_for(
    api: Any, condition: dict[str, Any], kept: dict[str, Any]
):
    api.data(FILTER, w={"revenue": condition})

    [(_, parameters)] = api.reader.reads
    assert {name: value for name, value in parameters.items() if name != "limit"} == {
        f"revenue_cents_{name}": value for name, value in kept.items()
    }


ORDERS = """query($w: OrderWhere) { orders(where: $w, first: 2) { nodes { key } } }"""


def test_conditions_on_orders_reach_the_statement(api: Any):
    where = {
        "customer": {"eq": "ann"},
        "localDate": {"gte": "2026-03-02"},
        "amount": {"lt": "20"},
        "or": [{"store": {"in": ["west"]}}, {"product": {"eq": "latte"}}],
    }

    api.data(ORDERS, w=where)

    [(statement, parameters)] = api.reader.reads
    assert "MATCH (:Customer {customer_id: $customer_eq})-[:PLACED]->(o:Order) WHERE o.at IS NOT NULL" in statement.text
    assert parameters == {
        "customer_eq": "ann",
        "local_date_gte": date(2026, 3, 2),
        "amount_cents_lt": 2_000,
        "store_in_0": ["west"],
        "product_eq_1": "latte",
        "limit": 2,
    }


def test_groups_of_orders_can_be_told_in_the_order_of_time(api: Any):
    row = {"count": 2, "amount_sum": 5_200, "amount_min": 0, "amount_max": 5_200, "discount_sum": 5, "refunded_sum": 0}
    row |= {"quantity_sum": 3.0, "first_at": None, "last_at": None, "group_value": "2026-03"}
    statement = groups_statement(order.GROUPING, "month", ("source_eq",), True)
    api.reader.when(statement, lambda _: [row])
    text = """{ orders(where: {source: {eq: "shop"}}) { groups(by: MONTH, first: 12, orderBy: VALUE) {
      value totals { count amount { sum avg } discount quantity } } } }"""

    told = api.data(text)["orders"]["groups"]

    totals = {"count": 2, "amount": {"sum": "52.00", "avg": "26.00"}, "discount": "0.05", "quantity": 3.0}
    assert told == [{"value": "2026-03", "totals": totals}]
    assert api.reader.reads == [(statement, {"source_eq": "shop", "first": 12})]


def test_a_cursor_of_a_customers_orders_is_none_of_all_orders(api: Any):
    cursor = write_cursor("orders", Position(datetime(2026, 3, 2, tzinfo=UTC), "o1"))

    [error] = api.ask("query($after: String) { orders(after: $after) { nodes { key } } }", after=cursor)["errors"]

    assert "belongs to another list or order" in error["message"]


def test_figures_of_no_price_are_null(api: Any):
    nothing = {"count": 2, "priced": 0, "price_sum": 0, "price_min": None, "price_max": None}
    api.reader.when(totals_statement(product.TOTALS, ()), lambda _: [nothing])

    totals = api.data("{ products { totals { count price { sum min avg count } } } }")["products"]["totals"]

    assert totals == {"count": 2, "price": {"sum": "0.00", "min": None, "avg": None, "count": 0}}
