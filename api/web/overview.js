/** What is loaded: one figure a noun. */
import { ask } from "./api.js";
import { element } from "./elements.js";
import { locale, words } from "./words.js";

const FIGURES = ["customers", "products", "stores", "channels", "orders", "shares", "campaigns"];

export const overview = () => ask(`{ overview { ${FIGURES.join(" ")} } }`);

export function showOverview({ overview }) {
  const figures = FIGURES.map((name) =>
    element("div", {}, element("dt", { textContent: words()[name] }), element("dd", { textContent: overview[name].toLocaleString(locale()) })),
  );
  document.querySelector("#loaded").replaceChildren(...figures);
}
