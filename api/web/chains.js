/** The strongest chains, each as its steps, the gaps between them and the figures behind it; none that says nothing new. */
import { ask } from "./api.js";
import { element } from "./elements.js";
import { locale, words } from "./words.js";

export const chains = () =>
  ask(`{ chains(first: 12, where: { qValue: { lte: 0.05 }, new: true }) { edges { node {
    customers occurrences confidence lift qValue scope { key }
    steps { behaviour category { name } slot { start end } dayKind gap }
  } } } }`);

export function showChains({ chains }) {
  const found = chains.edges.map((edge) => edge.node);
  const list = found.length ? found.map(line) : [element("li", { textContent: words().empty })];
  document.querySelector("#chains").replaceChildren(...list);
}

/** What is done: a category is bought unless another behaviour is told before it. */
function done({ behaviour, category }) {
  const behind = category?.name ?? "";
  return behaviour === "PURCHASE" ? behind : `${words()[behaviour.toLowerCase()] ?? behaviour.toLowerCase().replaceAll("_", " ")} ${behind}`.trim();
}

function line({ steps, customers, confidence, lift, qValue, scope }) {
  const place = scope.key ? element("span", { className: "scope", textContent: scope.key }) : null;
  const parts = steps.flatMap((step) => [
    element("span", { className: "step", textContent: `${words()[step.dayKind.toLowerCase()]} ${step.slot.start}–${step.slot.end} ${done(step)}` }),
    step.gap ? element("span", { textContent: `→ ${words()[step.gap.toLowerCase()]}` }) : null,
  ]);
  const percent = confidence.toLocaleString(locale(), { style: "percent", maximumFractionDigits: 1 });
  const figures = `${words().lift} ${lift.toFixed(2)} · ${words().followed} ${percent} · ${customers.toLocaleString(locale())} ${words().customers} · q ${qValue.toExponential(1)}`;
  return element("li", {}, place, ...parts, element("span", { className: "figures", textContent: figures }));
}
