// A gateway of Apollo over two subgraphs, Renmai's API and one of loyalty cards: node gateway.mjs URL KEY QUERIES
// It prints the answers to the queries (a JSON list of texts) and what each of them asked of Renmai.
import { createHash } from "node:crypto";
import { ApolloGateway, LocalGraphQLDataSource, RemoteGraphQLDataSource } from "@apollo/gateway";
import { composeServices } from "@apollo/composition";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { parse } from "graphql";

const [url, key, queries] = process.argv.slice(2);

const loyalty = parse(`
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])
  type Query { members: [Customer]!, shelf: [Product!]!, cards: CardConnection! }
  type Customer @key(fields: "key") { key: String!, points: Int! }
  type Product @key(fields: "id") { id: ID!, shelf: String! }
  type Store @key(fields: "key") { key: String!, points: Int! }
  type Channel @key(fields: "key") { key: String!, points: Int! }
  type Card { number: String! }
  type CardConnection { nodes: [Card!]!, pageInfo: PageInfo! }
  type PageInfo @shareable { hasNextPage: Boolean!, hasPreviousPage: Boolean!, startCursor: String, endCursor: String }
`);
const pointed = { __resolveReference: ({ key }) => ({ key, points: key.length }) };
const resolvers = {
  Query: {
    members: () => [{ key: "ann" }, { key: "bob" }, { key: "nobody" }],
    shelf: () => [{ id: Buffer.from("Product:latte").toString("base64") }],
    cards: () => ({ nodes: [{ number: "7" }], pageInfo: { hasNextPage: false, hasPreviousPage: false } }),
  },
  Customer: { ...pointed, points: ({ key }) => key.length },
  Product: { __resolveReference: ({ id }) => ({ id }), shelf: () => "left" },
  Store: pointed,
  Channel: pointed,
};

const asked = [];
class Renmai extends RemoteGraphQLDataSource {
  willSendRequest({ request }) {
    request.http.headers.set("authorization", `Bearer ${key}`);
    if (!request.query.includes("_service")) asked.push(request.query);
  }
}

const remote = new Renmai({ url });
const { data } = await remote.process({ request: { query: "{ _service { sdl } }" }, context: {}, kind: "health check" });
const services = [
  { name: "renmai", url, typeDefs: parse(data._service.sdl) },
  { name: "loyalty", url: "http://loyalty.invalid", typeDefs: loyalty },
];
const { errors, hints, supergraphSdl } = composeServices(services);
if (errors) throw new Error(errors.map(({ message }) => message).join("\n"));

const local = new LocalGraphQLDataSource(buildSubgraphSchema({ typeDefs: loyalty, resolvers }));
const gateway = new ApolloGateway({ supergraphSdl, buildService: ({ name }) => (name === "renmai" ? remote : local) });
const { schema, executor } = await gateway.load();

const answers = [];
for (const query of JSON.parse(queries)) {
  asked.length = 0;
  const queryHash = createHash("sha256").update(query).digest("hex");
  const request = { query, variables: {} };
  const answer = await executor({ request, document: parse(query), queryHash, schema, context: {}, metrics: {}, logger: console });
  answers.push({ data: answer.data, errors: answer.errors ?? [], asked: [...asked] });
}
await gateway.stop();
console.log(JSON.stringify({ answers, hints: hints.map(({ message }) => message) }));
