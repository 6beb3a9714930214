/** The page's words in English and Chinese; what the data says is shown as it is. */
const WORDS = {
  en: {
    language: "中文", search: "Customer: key or name", key: "API key: rk_…", use: "Use this key", loaded: "What is loaded", influencers: "Who moves others", chains: "What leads to what",
    neighbourhood: "A customer's people", customers: "customers", products: "products", stores: "stores", channels: "channels", orders: "orders",
    shares: "shares", campaigns: "campaigns", rank: "#", customer: "Customer", district: "District", spread: "Moves (95 %)",
    credited: "Credited", brought: "Brought: directly / in all", any: "any day", weekday: "weekday", weekend: "weekend", same_day: "same day", next_day: "next day", within_3_days: "within 3 days", within_week: "within a week",
    view: "view:", favourite: "favourite:", cart_add: "into the cart:", share: "share:", visit: "visit",
    lift: "lift", empty: "Nothing here yet.", nobody: "This customer was brought by nobody and brought nobody.", followed: "followed",
    run: (run) => `${run.algorithm} ${run.algorithmVersion}, log version ${run.logVersion}, ${run.finishedAt?.slice(0, 16).replace("T", " ") ?? ""}`,
  },
  zh: {
    language: "English", search: "顾客：编号或姓名", key: "API 密钥：rk_…", use: "使用此密钥", loaded: "已载入", influencers: "谁能带动他人", chains: "跨品类链条", neighbourhood: "顾客的人脉",
    customers: "顾客", products: "商品", stores: "门店", channels: "渠道", orders: "订单", shares: "分享", campaigns: "活动", rank: "名次",
    customer: "顾客", district: "区", spread: "带动人数（95 %）", credited: "归因收入", brought: "带来：直接 / 全部", any: "任意日", weekday: "工作日",
    weekend: "周末", same_day: "当天", next_day: "次日", within_3_days: "三日内", within_week: "一周内", view: "浏览：", favourite: "收藏：", cart_add: "加购：", share: "分享：", visit: "到店", lift: "提升", empty: "暂无数据。", nobody: "没有人推荐过这位顾客，这位顾客也没有推荐过别人。", followed: "跟随",
    run: (run) => `${run.algorithm} ${run.algorithmVersion}，日志版本 ${run.logVersion}，${run.finishedAt?.slice(0, 16).replace("T", " ") ?? ""}`,
  },
};

let language = localStorage.getItem("language") ?? (navigator.language.startsWith("zh") ? "zh" : "en");

export const words = () => WORDS[language];
export const locale = () => (language === "zh" ? "zh-CN" : "en-GB");

export function switchLanguage() {
  language = language === "zh" ? "en" : "zh";
  localStorage.setItem("language", language);
}
