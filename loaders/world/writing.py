"""From rows of whole numbers to events in the log's own schema."""

import json
import zlib

import numpy as np
import polars as pl

from graph.log.schema import EVENTS, GIVEN, MONEY, EventKind
from loaders.world import catalogue as shop
from loaders.world.browsing import FEEDBACK_TEXTS
from loaders.world.clock import epoch_of
from loaders.world.draws import Ints
from loaders.world.people import CONSENT, SURNAMES, People
from loaders.world.people import GIVEN as GIVEN_CHARACTERS
from loaders.world.request import WorldRequest
from loaders.world.rows import KINDS, Rows

SOURCE = "renmai-world"
CURRENCY = "CNY"
SCHEMA = pl.Schema({name: EVENTS[name] for name in GIVEN})
GENDERS = ("female", "male", "other")


class Writer:
    """Turns each day's rows into events; knows the texts that the numbers stand for."""

    def __init__(self, request: WorldRequest, people: People, campaigns: tuple[shop.Campaign, ...]) -> None:
        self._request, self._people, self._epoch = request, people, epoch_of(request.start)
        world = f"{request.customers} {request.days} {request.seed} {request.start}{' looks' if request.looks else ''}"
        self._tag = f"{zlib.crc32(world.encode()):08x}"
        self._kinds = _texts([kind.value for kind in KINDS])
        self._stores = _texts([store.store_id for store in shop.STORES])
        self._channels = _texts([channel.name for channel in shop.CHANNELS])
        self._products = _texts([product.sku for product in shop.PRODUCTS])
        self._campaigns = _texts([campaign.campaign_id for campaign in campaigns])
        self._feedback = _texts([_json({"text": text}) for text in FEEDBACK_TEXTS])
        self._consent = _texts(
            [
                _json({word: bool(bits >> bit & 1) for bit, word in enumerate(CONSENT)})
                for bits in range(1 << len(CONSENT))
            ]
        )
        self._fixed = {
            "store": _texts([_json(_store(store)) for store in shop.STORES]),
            "channel": _texts([_json({"online": channel.online, "currency": CURRENCY}) for channel in shop.CHANNELS]),
            "product": _texts([_json(_product(product)) for product in shop.PRODUCTS]),
            "campaign": _texts([_json(campaign.properties()) for campaign in campaigns]),
        }
        self.digits = max(6, len(str(request.customers - 1)))

    def events(self, day: int, part: Rows, registered_at: Ints) -> pl.DataFrame:
        """The day's rows, already in order, as events: the columns that a source gives, ids and all."""
        size = part["at"].size
        table: dict[str, pl.Series | pl.Expr] = {
            "id": _line(f"hz-{self._tag}-{day:04d}-", _padded(np.arange(size), 7)),
            "kind": _looked_up(self._kinds, part["kind"]),
            "customer": self.customer_keys(part["customer"]),
            "at": pl.Series((part["at"] + self._epoch) * 1_000_000).cast(EVENTS["at"]),
            "store": _looked_up(self._stores, part["store"]),
            "channel": _looked_up(self._channels, part["channel"]),
            "product": _looked_up(self._products, part["product"]),
            "order": _keys("hz-o", part["order"], 9),
            "quantity": _present(part["quantity"]).cast(pl.Float64),
            "amount": _money(part["amount"]),
            "discount": _money(part["discount"]),
            "currency": _looked_up(_texts([CURRENCY]), np.where(part["amount"] >= 0, 0, -1)),
            "share": _keys("hz-h", part["share"], 9),
            "referrer": self.customer_keys(part["referrer"]),
            "campaign": _looked_up(self._campaigns, part["campaign"]),
            "session": _keys("hz-v", part["session"], 10),
            "source": pl.repeat(SOURCE, size, dtype=pl.String),
            "properties": self._properties(part, registered_at),
        }
        return pl.select([column.alias(name) for name, column in table.items()]).cast(SCHEMA)

    def customer_keys(self, numbers: Ints) -> pl.Expr:
        """The customers' keys, all of one length, so that none begins another."""
        return _keys("hz-c", numbers, self.digits)

    def _properties(self, part: Rows, registered_at: Ints) -> pl.Series:
        found: list[pl.Series] = [_texts([])]
        place = np.full(part["at"].size, -1, dtype=np.int64)
        for kind in map(int, np.unique(part["kind"])):
            where = np.flatnonzero(part["kind"] == kind)
            told = self._told(KINDS[kind], {column: values[where] for column, values in part.items()}, registered_at)
            if told is not None:
                place[where] = sum(map(len, found)) + np.arange(where.size)
                found.append(told)
        return _looked_up(pl.concat(found), place)

    def _told(self, kind: EventKind, part: Rows, registered_at: Ints) -> pl.Series | None:
        note = part["note"]
        match kind:
            case EventKind.VIEW | EventKind.VISIT:
                return _line('{"dwell_seconds":', note, "}")
            case EventKind.RATING:
                return _line('{"stars":', note, "}")
            case EventKind.SHARE:
                return _line('{"parent_share":"', _keys("hz-h", note, 9), '"}')
            case EventKind.FEEDBACK:
                return _looked_up(self._feedback, note)
            case EventKind.CONSENT:
                return _looked_up(self._consent, self._people.consent[part["customer"]])
            case EventKind.PROFILE:
                return self._profiles(part, registered_at)
            case _:
                return None

    def _profiles(self, part: Rows, registered_at: Ints) -> pl.Series:
        answer = self._people_told(part["customer"], registered_at)
        for column, texts in self._fixed.items():
            answer = pl.select(pl.coalesce(_looked_up(texts, part[column]), answer)).to_series()
        return answer

    def _people_told(self, numbers: Ints, registered_at: Ints) -> pl.Series:
        """Name, gender, year of birth, home and registration; null where the profile is not a customer's."""
        who, known = np.maximum(numbers, 0), numbers >= 0
        people, count = self._people, len(GIVEN_CHARACTERS)
        given = _texts([*GIVEN_CHARACTERS])
        second = pl.select(
            pl.coalesce(_looked_up(given, _within(people.given[who] // count, count)), pl.lit(""))
        ).to_series()
        since = pl.Series((registered_at[who] + self._epoch) * 1_000_000).cast(pl.Datetime("us"))
        told = _line(
            '{"name":"',
            _looked_up(_texts([*SURNAMES]), people.surname[who]),
            _looked_up(given, people.given[who] % count),
            second,
            '","gender":"',
            _looked_up(_texts([*GENDERS]), people.gender[who]),
            '","birth_year":',
            people.birth_year[who],
            f',"city":"{shop.CITY}","district":"',
            _looked_up(_texts([store.district for store in shop.STORES]), people.store[who]),
            '","registered_at":"',
            since.dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
            '"}',
        )
        return pl.select(pl.when(pl.Series(known)).then(told)).to_series()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _store(store: shop.Store) -> dict[str, object]:
    return {
        "name": f"{shop.BRAND}{store.name}",
        "city": shop.CITY,
        "district": store.district,
        "latitude": store.latitude,
        "longitude": store.longitude,
        "time_zone": shop.TIME_ZONE,
    }


def _product(product: shop.Product) -> dict[str, object]:
    category = shop.CATEGORIES[shop.PRODUCTS.index(product) // 4]
    return {
        "name": product.name,
        "category": category.path,
        "brand": shop.BRAND,
        "price": f"{product.price_cents // 100}.{product.price_cents % 100:02d}",
        "currency": CURRENCY,
        "attributes": list(product.attributes),
    }


def _texts(values: list[str]) -> pl.Series:
    return pl.Series(values, dtype=pl.String)


def _present(numbers: Ints) -> pl.Series:
    return pl.select(pl.when(pl.Series(numbers) >= 0).then(pl.Series(numbers))).to_series()


def _within(numbers: Ints, count: int) -> Ints:
    return np.where(numbers < count, numbers, -1)


def _looked_up(texts: pl.Series, numbers: Ints) -> pl.Series:
    """The text of each number, null for -1."""
    return texts.gather(_present(numbers).cast(pl.UInt32))


def _padded(numbers: Ints, digits: int) -> pl.Expr:
    return pl.lit(pl.Series(numbers)).cast(pl.String).str.zfill(digits)


def _line(*pieces: str | Ints | pl.Series | pl.Expr) -> pl.Series:
    """The pieces joined, row by row; null where one of them is."""
    columns = [
        pl.lit(piece if isinstance(piece, str) else pl.Series(piece)) if not isinstance(piece, pl.Expr) else piece
        for piece in pieces
    ]
    return pl.select(pl.concat_str(columns)).to_series()


def _keys(prefix: str, numbers: Ints, digits: int) -> pl.Expr:
    return pl.when(pl.lit(pl.Series(numbers)) >= 0).then(pl.concat_str([pl.lit(prefix), _padded(numbers, digits)]))


def _money(cents: Ints) -> pl.Series:
    """Exact: hundredths become decimals without passing through a binary fraction."""
    present = _present(cents)
    return pl.select(present.cast(pl.Decimal(18, 0)).cast(MONEY) / 100).to_series()
