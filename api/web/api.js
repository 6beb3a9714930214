const KEY = "key";

/** Sends this API key with every question until the tab is closed. */
export function keep(key) {
  sessionStorage.setItem(KEY, key);
}

/** Asks the GraphQL API: answers `data`, or throws an Error whose message a reader understands, with the first `code`. */
export async function ask(query, variables = {}) {
  const key = sessionStorage.getItem(KEY);
  const response = await fetch("/graphql", {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/graphql-response+json, application/json",
      ...(key && { Authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify({ query, variables }),
  });
  const answer = await response.json().catch(() => ({ errors: [{ message: `HTTP ${response.status}` }] }));
  if (answer.errors?.length) {
    const message = answer.errors.map((error) => error.message).join("; ");
    throw Object.assign(new Error(message), { code: answer.errors[0].extensions?.code });
  }
  return answer.data;
}
