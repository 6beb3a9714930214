// The audits of the npm package graphql-http, each with its outcome: node audit.mjs URL [KEY]
import { serverAudits } from "graphql-http";

const [url, key] = process.argv.slice(2);
const authorization = key ? { authorization: `Bearer ${key}` } : {};
const fetchFn = (address, options = {}) => fetch(address, { ...options, headers: { ...authorization, ...options.headers } });
const outcomes = [];
for (const audit of serverAudits({ url, fetchFn })) {
  const { id, name, status, reason } = await audit.fn();
  outcomes.push({ id, name, status, reason });
}
console.log(JSON.stringify(outcomes));
