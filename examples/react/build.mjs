// Bundles the page: node build.mjs. Tagged templates become imports of what relay-compiler wrote beside them.
import { readFile } from "node:fs/promises";
import { build } from "esbuild";

const TEMPLATE = /graphql`\s*(?:query|mutation|fragment|subscription)\s+(\w+)[^`]*`/g;

const relay = {
  name: "relay",
  setup({ onLoad }) {
    onLoad({ filter: /src[\\/]\w+\.tsx$/ }, async ({ path }) => {
      const names = [];
      const text = (await readFile(path, "utf8")).replace(TEMPLATE, (_, name) => (names.push(name), `__${name}`));
      const imports = names.map((name) => `import __${name} from "./__generated__/${name}.graphql";\n`);
      return { contents: imports.join("") + text, loader: "tsx" };
    });
  },
};

await build({
  entryPoints: ["src/page.tsx"],
  outfile: "public/page.js",
  bundle: true,
  minify: true,
  jsx: "automatic",
  define: { "process.env.NODE_ENV": '"production"', __DEV__: "false" },
  plugins: [relay],
});
