// The most influential customers, page by page, with Relay: fragments, keyset cursors, `node` to load more.
import { StrictMode, Suspense } from "react";
import { createRoot } from "react-dom/client";
import { graphql, RelayEnvironmentProvider, useLazyLoadQuery, usePaginationFragment } from "react-relay";

import type { pageCustomers$key } from "./__generated__/pageCustomers.graphql";
import type { pageQuery } from "./__generated__/pageQuery.graphql";
import type { pageMoreQuery } from "./__generated__/pageMoreQuery.graphql";
import { environment } from "./environment";

const PAGE = 10;

function Customers({ of }: { of: pageCustomers$key }) {
  const { data, loadNext, hasNext, isLoadingNext } = usePaginationFragment<pageMoreQuery, pageCustomers$key>(
    graphql`
      fragment pageCustomers on Query
      @argumentDefinitions(first: { type: "Int", defaultValue: 10 }, after: { type: "String" })
      @refetchable(queryName: "pageMoreQuery") {
        customers(first: $first, after: $after, orderBy: { field: REVENUE, direction: DESC })
          @connection(key: "page_customers") {
          edges {
            node {
              id
              key
              orderCount
              influence {
                rank
                spread {
                  value
                }
              }
            }
          }
        }
      }
    `,
    of,
  );
  return (
    <>
      <ol>
        {data.customers.edges.map(({ node }) => (
          <li key={node.id}>
            {node.key}: {node.orderCount} orders
            {node.influence && `, moves ${node.influence.spread.value.toFixed(2)} others a share`}
          </li>
        ))}
      </ol>
      <button disabled={!hasNext || isLoadingNext} onClick={() => loadNext(PAGE)}>
        More
      </button>
    </>
  );
}

function Page() {
  const data = useLazyLoadQuery<pageQuery>(
    graphql`
      query pageQuery {
        ...pageCustomers
      }
    `,
    {},
  );
  return <Customers of={data} />;
}

createRoot(document.getElementById("page")!).render(
  <StrictMode>
    <RelayEnvironmentProvider environment={environment}>
      <Suspense fallback="…">
        <Page />
      </Suspense>
    </RelayEnvironmentProvider>
  </StrictMode>,
);
