"""Influence scores of many customers, 1,000 at a time, as CSV: python partner.py KEYS.txt > scores.csv

RENMAI_URL and RENMAI_KEY say where to ask and as whom.
"""

import asyncio
import csv
import os
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import cast

import httpx
from patience import Patient
from renmai_client import Renmai, ScoresInfluenceScores
from renmai_client.async_base_client import HttpClient

MOST_KEYS = 1_000


async def scores(client: Renmai, keys: Sequence[str]) -> AsyncIterator[tuple[str, ScoresInfluenceScores | None]]:
    """Each key with its score, None where there is none; all from one run, though a newer one comes meanwhile."""
    run: str | None = None
    for start in range(0, len(keys), MOST_KEYS):
        some = keys[start : start + MOST_KEYS]
        found = (await client.scores(list(some), run)).influence_scores
        run = run or next((score.run.id for score in found if score), None)
        for key, score in zip(some, found, strict=True):
            yield key, score


async def main(file: str) -> None:
    """Writes a line a customer to standard output."""
    keys = Path(file).read_text(encoding="utf-8").split()
    url = os.environ.get("RENMAI_URL", "http://127.0.0.1:8000") + "/graphql"
    secret = os.environ.get("RENMAI_KEY")
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    transport = Patient(httpx.AsyncHTTPTransport())
    async with httpx.AsyncClient(headers=headers, transport=transport, timeout=40) as http:
        # httpx takes by name what the generated protocol would let be given by place.
        client = Renmai(url, http_client=cast(HttpClient, http))
        out = csv.writer(sys.stdout)
        out.writerow(("customer", "spread", "low", "high", "credited_revenue", "rank", "run"))
        async for key, score in scores(client, keys):
            if score:
                spread = score.spread
                out.writerow(
                    (key, spread.value, spread.low, spread.high, score.credited_revenue, score.rank, score.run.id)
                )


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
