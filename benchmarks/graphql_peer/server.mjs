// The peer: @neo4j/graphql on graphql-yoga, over the labels and properties of our graph. `benchmarks/graphql_peer.py` starts it.
//
//     NEO4J_URI=bolt://… NEO4J_PASSWORD=… node server.mjs
//
// Prints the port once it serves. Yoga's caches of parsed and validated documents are on, as they are by default.
import { createServer } from "node:http";
import { Neo4jGraphQL } from "@neo4j/graphql";
import { GraphQLScalarType } from "graphql";
import { createYoga } from "graphql-yoga";
import neo4j from "neo4j-driver";

const typeDefs = /* GraphQL */ `
  scalar Instant

  type Customer @node {
    customer_id: String!
    city: String
    district: String
    registered_at: Instant
    order_count: Int
    revenue_cents: Int
    orders: [Order!]! @relationship(type: "PLACED", direction: OUT)
  }

  type Order @node {
    order_id: String!
    at: Instant
    amount_cents: Int
    contains: [Product!]! @relationship(type: "CONTAINS", direction: OUT, properties: "Line")
  }

  type Line @relationshipProperties {
    quantity: Float
    amount_cents: Int
  }

  type Product @node {
    sku: String!
    name: String
    price_cents: Int
  }
`;

// The library's own DateTime needs APOC in the database, and converts texts there; this costs it less.
const Instant = new GraphQLScalarType({ name: "Instant", serialize: (instant) => instant.toString() });

const { NEO4J_URI, NEO4J_USER = "neo4j", NEO4J_PASSWORD } = process.env;
const driver = neo4j.driver(NEO4J_URI, neo4j.auth.basic(NEO4J_USER, NEO4J_PASSWORD));
const schema = await new Neo4jGraphQL({ typeDefs, driver, resolvers: { Instant } }).getSchema();
const yoga = createYoga({ schema, logging: false, graphiql: false, landingPage: false });
const server = createServer(yoga).listen(0, "127.0.0.1", () => console.log(server.address().port));
