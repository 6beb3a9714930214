"""Customers inside of a chain that leads nowhere near: nobody has to be looked at for that."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from api_fakes import RecordingReader

from graph.queries.inside import LEADING_THERE, Wanted, count_insiders, insiders
from graph.queries.paging import Page, Slice

AT = datetime(2026, 3, 2, 6, tzinfo=UTC)


async def test_of_a_category_that_no_confirmed_chain_leads_to_nobody_is_looked_at():
    reader = RecordingReader()
    wanted = Wanted(AT, AT, ZoneInfo("Asia/Shanghai"), next_category="cheese")

    assert await insiders(reader, wanted, Slice(10)) == Page([])
    assert await count_insiders(reader, wanted) == 0

    assert [statement for statement, _ in reader.reads] == [LEADING_THERE] * 2
