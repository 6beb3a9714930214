/** The table of those who move most others. */
import { ask } from "./api.js";
import { element } from "./elements.js";
import { locale, words } from "./words.js";

export const influencers = () =>
  ask(`{ topInfluencers(first: 12) { edges { node {
    rank directReferrals downstream creditedRevenue
    spread { value low high }
    customer { key name district }
    run { algorithm algorithmVersion logVersion finishedAt }
  } } } }`);

const figure = (value) => value.toLocaleString(locale(), { minimumFractionDigits: 2, maximumFractionDigits: 2 });

export function showInfluencers({ topInfluencers }, choose) {
  const scores = topInfluencers.edges.map((edge) => edge.node);
  document.querySelector("#influence-run").textContent = scores.length ? words().run(scores[0].run) : words().empty;
  const titles = ["rank", "customer", "district", "spread", "credited", "brought"].map((name, place) =>
    element("th", { textContent: words()[name], scope: "col", className: place === 0 || place > 2 ? "number" : "" }),
  );
  document.querySelector("#influencers thead").replaceChildren(element("tr", {}, ...titles));
  document.querySelector("#influencers tbody").replaceChildren(...scores.map((score) => row(score, choose)));
}

function row({ rank, spread, creditedRevenue, directReferrals, downstream, customer }, choose) {
  const cell = (textContent, className = "") => element("td", { textContent, className });
  const made = element(
    "tr",
    { tabIndex: 0, onclick: () => choose(customer.key), onkeydown: (event) => event.key === "Enter" && choose(customer.key) },
    cell(rank, "number"),
    cell(customer.name ?? customer.key),
    cell(customer.district ?? ""),
    cell(`${figure(spread.value)} (${figure(spread.low)}–${figure(spread.high)})`, "number"),
    cell(figure(Number(creditedRevenue)), "number"),
    cell(`${directReferrals} / ${downstream}`, "number"),
  );
  made.dataset.key = customer.key;
  return made;
}

export function markChosen(key) {
  for (const line of document.querySelectorAll("#influencers tbody tr")) line.setAttribute("aria-selected", String(line.dataset.key === key));
}
