/** The first page: what is loaded, who moves others, what leads to what, and one customer's people. */
import { ask, keep } from "./api.js";
import { chains, showChains } from "./chains.js";
import { element } from "./elements.js";
import { influencers, markChosen, showInfluencers } from "./influencers.js";
import { neighbourhood, showNeighbourhood } from "./neighbourhood.js";
import { overview, showOverview } from "./overview.js";
import { locale, switchLanguage, words } from "./words.js";

const seen = {};

async function guarded(work) {
  const failure = document.querySelector("#failure");
  try {
    await work();
    failure.hidden = true;
    document.querySelector("#key").hidden = true;
  } catch (error) {
    failure.textContent = error.message;
    failure.hidden = false;
    document.querySelector("#key").hidden = error.code !== "UNAUTHENTICATED";
  }
}

function choose(key) {
  return guarded(async () => {
    seen.neighbourhood = await neighbourhood(key);
    markChosen(key);
    showNeighbourhood(seen.neighbourhood, choose);
  });
}

function show() {
  document.documentElement.lang = locale();
  for (const titled of document.querySelectorAll("[data-word]")) titled.textContent = words()[titled.dataset.word];
  document.querySelector("#language").textContent = words().language;
  const search = document.querySelector("#search-text");
  search.placeholder = words().search;
  search.setAttribute("aria-label", words().search);
  document.querySelector("#key-text").placeholder = words().key;
  document.querySelector("#key-text").setAttribute("aria-label", words().key);
  if (seen.overview) showOverview(seen.overview);
  if (seen.influencers) showInfluencers(seen.influencers, choose);
  if (seen.chains) showChains(seen.chains);
  if (seen.neighbourhood) showNeighbourhood(seen.neighbourhood, choose);
}

async function hits(text) {
  const answer = await ask(
    `query ($text: String!) { search(text: $text, first: 8, kinds: [CUSTOMER]) { edges { node { ... on Customer { key name } } } } }`,
    { text },
  );
  return answer.search.edges.map((edge) => edge.node);
}

document.querySelector("#language").addEventListener("click", () => {
  switchLanguage();
  show();
});
document.querySelector("#search-text").addEventListener("input", ({ target }) =>
  guarded(async () => {
    const text = target.value.trim();
    if (!text) return;
    const found = await hits(text);
    if (text !== target.value.trim()) return;
    const options = found.map(({ key, name }) => element("option", { value: key, textContent: name ?? key }));
    document.querySelector("#search-hits").replaceChildren(...options);
  }),
);
document.querySelector("#search").addEventListener("submit", (event) => {
  event.preventDefault();
  guarded(async () => {
    const [first] = await hits(document.querySelector("#search-text").value.trim());
    if (first) await choose(first.key);
  });
});

document.querySelector("#key").addEventListener("submit", async (event) => {
  event.preventDefault();
  keep(document.querySelector("#key-text").value.trim());
  await load();
});

const load = () => guarded(async () => {
  [seen.overview, seen.influencers, seen.chains] = await Promise.all([overview(), influencers(), chains()]);
  show();
  const [top] = seen.influencers.topInfluencers.edges;
  if (top) await choose(top.node.customer.key);
});

show();
await load();
document.body.dataset.ready = "true";
