// Asks Renmai with typed documents; waits as long as the API asks it to.
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { print, type GraphQLFormattedError } from "graphql";

type Answer<Result> = { data?: Result | null; errors?: readonly GraphQLFormattedError[] };

/** What the API would not do; `code` is for programs (docs/how-to/limits.md). */
export class Refused extends Error {
  readonly code: string;

  constructor(error: GraphQLFormattedError) {
    super(error.message);
    this.code = String(error.extensions?.["code"] ?? "UNKNOWN");
  }
}

export class Renmai {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(url: string, key?: string) {
    this.#url = `${url}/graphql`;
    this.#headers = {
      "content-type": "application/json",
      accept: "application/graphql-response+json",
      ...(key ? { authorization: `Bearer ${key}` } : {}),
    };
  }

  /** The data of one operation; tried again after 429 and 503. Throws Refused for errors of the API. */
  async ask<Result, Variables>(
    document: TypedDocumentNode<Result, Variables>,
    variables: Variables,
    attempts = 6,
  ): Promise<Result> {
    const body = JSON.stringify({ query: print(document), variables });
    const response = await fetch(this.#url, { method: "POST", headers: this.#headers, body });
    if ((response.status === 429 || response.status === 503) && attempts > 1) {
      const seconds = Number(response.headers.get("retry-after") ?? 1);
      await new Promise((resolve) => setTimeout(resolve, 1000 * (seconds + Math.random() / 4)));
      return this.ask(document, variables, attempts - 1);
    }
    const answer = (await response.json()) as Answer<Result>;
    const [error] = answer.errors ?? [];
    if (error) throw new Refused(error);
    if (!answer.data) throw new Error(`${response.status} without data`);
    return answer.data;
  }
}
