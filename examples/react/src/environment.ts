// Where Relay asks: the API's address and key come with the page's own address (?api=…&key=…).
import { Environment, Network, RecordSource, Store, type FetchFunction } from "relay-runtime";

const asked = new URLSearchParams(window.location.search);
const url = `${asked.get("api") ?? "http://127.0.0.1:8000"}/graphql`;
const key = asked.get("key");

const ask: FetchFunction = async ({ text }, variables) => {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...(key ? { authorization: `Bearer ${key}` } : {}) },
    body: JSON.stringify({ query: text, variables }),
  });
  return response.json();
};

export const environment = new Environment({
  network: Network.create(ask),
  store: new Store(new RecordSource()),
});
