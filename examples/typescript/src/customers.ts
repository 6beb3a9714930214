// Every customer of a district with their influence, page by page: node src/customers.ts DISTRICT
import { Renmai } from "./client.ts";
import { CustomersDocument, type CustomersQuery } from "./generated.ts";

type Customer = CustomersQuery["customers"]["nodes"][number];

async function* customers(renmai: Renmai, district: string): AsyncGenerator<Customer> {
  let after: string | null = null;
  do {
    const { customers: page }: CustomersQuery = await renmai.ask(CustomersDocument, {
      first: 100,
      after,
      where: { district: { eq: district } },
    });
    yield* page.nodes;
    after = page.pageInfo.hasNextPage ? (page.pageInfo.endCursor ?? null) : null;
  } while (after);
}

const [district] = process.argv.slice(2);
if (!district) throw new Error("Name a district: node src/customers.ts 西湖区");
const renmai = new Renmai(process.env["RENMAI_URL"] ?? "http://127.0.0.1:8000", process.env["RENMAI_KEY"]);
for await (const { key, orderCount, influence } of customers(renmai, district))
  console.log([key, orderCount, influence?.spread.value.toFixed(2) ?? ""].join(","));
