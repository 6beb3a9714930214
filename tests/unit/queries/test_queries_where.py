"""Conditions put together: what stands in the statement, and which values go with it."""

import pytest

from graph.errors import BadInput
from graph.queries.where import MOST_BELOW, condition, shape_of

CONDITIONS = {"city_eq": "c.city = $city_eq", "age_gte": "c.age >= $age_gte", "age": "c.age = $age"}


def test_what_stands_alone_keeps_its_name():
    shape, values = shape_of({"city_eq": "x", "age_gte": 3})

    assert shape == ("age_gte", "city_eq")
    assert values == {"city_eq": "x", "age_gte": 3}
    assert condition(CONDITIONS, shape) == "c.age >= $age_gte AND c.city = $city_eq"


def test_the_order_in_which_conditions_are_given_makes_no_other_statement():
    one, _ = shape_of({"city_eq": "x", "age_gte": 3, "not": {"age": 1, "city_eq": "y"}})
    other, _ = shape_of({"not": {"city_eq": "y", "age": 1}, "age_gte": 3, "city_eq": "x"})

    assert one == other


def test_what_is_put_together_has_a_number_behind_it():
    filters = {"city_eq": "x", "or": [{"city_eq": "y"}, {"city_eq": "z", "age_gte": 3}], "not": {"age_gte": 9}}

    shape, values = shape_of(filters)

    assert condition(CONDITIONS, shape) == (
        "c.city = $city_eq AND NOT coalesce((c.age >= $age_gte_0), false)"
        " AND ((c.city = $city_eq_1) OR (c.age >= $age_gte_2 AND c.city = $city_eq_3))"
    )
    assert values == {"city_eq": "x", "age_gte_0": 9, "city_eq_1": "y", "age_gte_2": 3, "city_eq_3": "z"}


def test_filters_with_other_values_share_a_shape():
    one, _ = shape_of({"or": [{"city_eq": "x"}, {"age_gte": 1}]})
    other, _ = shape_of({"or": [{"city_eq": "y"}, {"age_gte": 2}]})

    assert (one, hash(one)) == (other, hash(other))


@pytest.mark.parametrize(
    ("filters", "text"),
    [({"and": []}, "true"), ({"or": []}, "false"),
     ({"and": [{}]}, "(true)"), ({"not": {}}, "NOT coalesce(true, false)")],
)  # fmt: skip
def test_nothing_put_together_is_true_of_all_and_false_of_any(filters, text):
    assert condition(CONDITIONS, shape_of(filters)[0]) == text


def test_more_than_the_most_is_refused():
    shape_of({"or": [{"city_eq": "x"}] * MOST_BELOW})

    with pytest.raises(BadInput, match="at most 32"):
        shape_of({"or": [{"city_eq": "x"}] * (MOST_BELOW + 1)})


def test_deeper_than_the_deepest_is_refused():
    nested = {"city_eq": "x"}
    for _ in range(8):
        nested = {"not": nested}
    shape_of(nested)

    with pytest.raises(BadInput, match="at most 8 deep"):
        shape_of({"not": nested})


def test_a_filter_that_the_noun_lacks_is_a_mistake():
    with pytest.raises((KeyError, StopIteration)):
        condition(CONDITIONS, shape_of({"not": {"shoe": 1}})[0])
