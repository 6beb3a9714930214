/** Asks the GraphQL API: answers `data`, or throws an Error whose message a reader understands. */
export async function ask(query, variables = {}) {
  const response = await fetch("/graphql", {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/graphql-response+json, application/json" },
    body: JSON.stringify({ query, variables }),
  });
  const answer = await response.json().catch(() => ({ errors: [{ message: `HTTP ${response.status}` }] }));
  if (answer.errors?.length) throw new Error(answer.errors.map((error) => error.message).join("; "));
  return answer.data;
}
