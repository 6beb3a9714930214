/** GraphiQL over this server's own endpoint; subscriptions go over its web socket. */
const { React, ReactDOM, GraphiQL } = window;
const QUERY = `# Who moves most others, and by which paths
{
  topInfluencers(first: 5) {
    edges { node { rank spread { value low high } customer { key name district } } }
  }
}
`;
const socket = new URL("/graphql", location.href);
socket.protocol = socket.protocol.replace("http", "ws");
const fetcher = GraphiQL.createFetcher({ url: "/graphql", subscriptionUrl: socket.href });
ReactDOM.createRoot(document.querySelector("#graphiql")).render(
  React.createElement(GraphiQL, { fetcher, defaultQuery: QUERY, shouldPersistHeaders: false }),
);
