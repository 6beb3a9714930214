"""The retailer of the generated world: categories, products, stores, channels and campaigns."""

from dataclasses import dataclass
from datetime import date, timedelta

BRAND = "青禾植饮"
CITY = "杭州市"
TIME_ZONE = "Asia/Shanghai"
DRINKS, FOOD = "植物饮品", "轻食"
LOW_CAFFEINE = "low-caffeine"


@dataclass(frozen=True, slots=True)
class Product:
    """One product: its price in cents and how often it is chosen within its category."""

    sku: str
    name: str
    price_cents: int
    weight: float
    attributes: tuple[str, ...] = ()

    @property
    def low_caffeine(self) -> bool:
        """Whether it counts for the district preference."""
        return LOW_CAFFEINE in self.attributes

    @property
    def premium(self) -> bool:
        """Whether the quality-seeking prefer it."""
        return "premium" in self.attributes


@dataclass(frozen=True, slots=True)
class Category:
    """One category: four products, the same number in each, so that choices are one table."""

    slug: str
    name: str
    root: str
    products: tuple[Product, Product, Product, Product]

    @property
    def path(self) -> str:
        """Its id in the graph."""
        return f"{self.root} > {self.name}"


@dataclass(frozen=True, slots=True)
class Store:
    """One store: a plausible spot in a real district, and the share of the customers who live by it."""

    store_id: str
    name: str
    district: str
    latitude: float
    longitude: float
    weight: float


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel and what a day of it costs for each thousand customers, in cents."""

    name: str
    online: bool
    daily_cost_cents: int


def category(slug: str, name: str, root: str, *rows: tuple[str, int, float, tuple[str, ...]]) -> Category:
    """A category out of its four products' names, prices, weights and attributes."""
    first, second, third, fourth = (
        Product(f"hz-{slug}-{number:02d}", row[0], row[1], row[2], row[3]) for number, row in enumerate(rows, 1)
    )
    return Category(slug, name, root, (first, second, third, fourth))


LESS = (LOW_CAFFEINE, "low-sugar")
TOP = ("premium",)

CATEGORIES: tuple[Category, ...] = (
    category("coffee", "咖啡", DRINKS, ("燕麦拿铁", 2200, 4, ()), ("冷萃美式", 1800, 3, ("low-sugar",)),
             ("低因燕麦拿铁", 2300, 3, LESS), ("生椰精品拿铁", 2900, 1.5, TOP)),
    category("fruit", "鲜果茶", DRINKS, ("满杯葡萄", 1900, 4, ()), ("芭乐柠檬茶", 1700, 3, ("low-sugar",)),
             ("低因桃桃莓莓", 1800, 3, LESS), ("杨枝甘露", 2600, 1.5, TOP)),
    category("milktea", "奶茶", DRINKS, ("茉莉轻乳茶", 1600, 4, ()), ("黑糖波波", 1500, 3, ()),
             ("低因桂花乳茶", 1700, 3, LESS), ("龙井鲜奶茶", 2400, 1.5, TOP)),
    category("tea", "纯茶", DRINKS, ("西湖龙井", 1600, 4, ("low-sugar",)), ("茉莉雪芽", 1400, 3, ("low-sugar",)),
             ("低因焙茶", 1500, 3, LESS), ("狮峰龙井", 3200, 1.5, TOP)),
    category("soy", "豆浆", DRINKS, ("原磨豆浆", 600, 4, ("low-sugar",)), ("黑豆豆浆", 700, 3, ()),
             ("红枣豆浆", 800, 2, ()), ("有机豆浆", 1200, 1.5, TOP)),
    category("plantmilk", "植物奶", DRINKS, ("燕麦奶", 1200, 4, ()), ("巴旦木奶", 1400, 3, ("low-sugar",)),
             ("椰奶", 1300, 2, ()), ("开心果奶", 2200, 1.5, TOP)),
    category("yogurt", "植物酸奶", DRINKS, ("燕麦酸奶", 1300, 4, ()), ("椰子酸奶", 1500, 3, ()),
             ("蓝莓豆酸奶", 1600, 2, ("low-sugar",)), ("坚果酸奶碗", 2600, 1.5, TOP)),
    category("grain", "粗粮杯", FOOD, ("紫薯山药杯", 1000, 4, ("high-fibre",)), ("玉米燕麦杯", 900, 3, ("high-fibre",)),
             ("南瓜小米杯", 900, 2, ("high-fibre",)), ("藜麦鹰嘴豆杯", 1600, 1.5, ("premium", "high-fibre"))),
    category("bakery", "烘焙", FOOD, ("桂花米糕", 900, 4, ()), ("全麦贝果", 1200, 3, ("high-fibre",)),
             ("抹茶可颂", 1500, 2, ()), ("豆乳巴斯克", 2600, 1.5, TOP)),
    category("salad", "沙拉", FOOD, ("牛油果沙拉", 2600, 4, ("low-sugar",)), ("鹰嘴豆沙拉", 2300, 3, ("high-fibre",)),
             ("荞麦面沙拉", 2200, 2, ("high-fibre",)), ("松露菌菇沙拉", 3800, 1.5, TOP)),
)  # fmt: skip

PRODUCTS: tuple[Product, ...] = tuple(product for category in CATEGORIES for product in category.products)
"""Product number = 4 × category number + place in the category."""

STORES: tuple[Store, ...] = (
    Store("hz-s01", "文三路店", "西湖区", 30.2757, 120.1272, 8),
    Store("hz-s02", "龙坞茶镇店", "西湖区", 30.1876, 120.0461, 4),
    Store("hz-s03", "湖滨店", "上城区", 30.2547, 120.1636, 11),
    Store("hz-s04", "钱江新城店", "上城区", 30.2467, 120.2103, 10),
    Store("hz-s05", "武林广场店", "拱墅区", 30.2766, 120.1634, 10),
    Store("hz-s06", "星光大道店", "滨江区", 30.2069, 120.2107, 11),
    Store("hz-s07", "市心路店", "萧山区", 30.1845, 120.2643, 11),
    Store("hz-s08", "未来科技城店", "余杭区", 30.2817, 120.0206, 11),
    Store("hz-s09", "临平银泰店", "临平区", 30.4207, 120.2999, 8),
    Store("hz-s10", "下沙高教园店", "钱塘区", 30.3095, 120.3517, 8),
    Store("hz-s11", "富春店", "富阳区", 30.0488, 119.9600, 5),
    Store("hz-s12", "锦城店", "临安区", 30.2338, 119.7246, 3),
)
LOW_CAFFEINE_DISTRICT = "西湖区"
LOW_CAFFEINE_PREFERENCE = 1.23
"""Low-caffeine share of the district's purchase lines over that of the whole city (the district included)."""

CHANNELS: tuple[Channel, ...] = (
    Channel("门店", False, 12_000),
    Channel("小程序", True, 6_000),
    Channel("外卖平台", True, 9_000),
    Channel("社群分享", True, 3_000),
    Channel("短视频", True, 15_000),
    Channel("地推", False, 8_000),
    Channel("商圈展台", False, 10_000),
)
IN_STORE, APP, DELIVERY = range(3)
ORGANIC_CHANNELS = (30.0, 30.0, 8.0, 0.0, 16.0, 9.0, 7.0)
"""Weights of the channels through which people register when nobody brought them."""
ORDER_CHANNELS = (45.0, 35.0, 20.0)
SHARE_CHANNELS = (0.0, 30.0, 0.0, 60.0, 10.0)

REFERRAL_CAMPAIGN = ("hz-k00", "老友带新", "referral")
COUPON_EVERY, COUPON_DAYS = 30, 10
COUPON_CAMPAIGNS = ("春日焕新券", "清明踏青券", "初夏解暑券", "盛夏冰饮券", "秋桂飘香券", "冬日暖杯券")


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign: days counted from the first, both included."""

    campaign_id: str
    name: str
    type: str
    starts_on: date
    ends_on: date

    def properties(self) -> dict[str, str]:
        """What its profile says."""
        return {
            "name": self.name,
            "type": self.type,
            "starts_on": self.starts_on.isoformat(),
            "ends_on": self.ends_on.isoformat(),
        }


def campaigns_of(start: date, days: int) -> tuple[Campaign, ...]:
    """The referral drive, which runs all the time, and ten days of coupons out of every thirty."""
    drive = Campaign(*REFERRAL_CAMPAIGN, start, start + timedelta(days=days - 1))
    coupons = tuple(
        Campaign(
            f"hz-k{number:02d}",
            COUPON_CAMPAIGNS[(number - 1) % len(COUPON_CAMPAIGNS)],
            "coupon",
            start + timedelta(days=first),
            start + timedelta(days=first + COUPON_DAYS - 1),
        )
        for number, first in enumerate(range(COUPON_DAYS, days, COUPON_EVERY), 1)
    )
    return (drive, *coupons)


def coupons_on(day: int) -> int:
    """The number of the coupon campaign that runs on the day, -1 for none."""
    return day // COUPON_EVERY + 1 if COUPON_DAYS <= day % COUPON_EVERY < 2 * COUPON_DAYS else -1
