/**
 * Writes a `.br` and a `.gz` next to every text asset of the build, so that the server compresses nothing at run time,
 * and fails the build when the JavaScript of the first screen outgrows its budget.
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Plugin, Rolldown } from "vite";

const TEXT = /\.(?:js|css|html|svg|json|txt|map)$/;
const MIN_BYTES = 512;

export function precompress(budget: { max_js_gzip_bytes: number }): Plugin {
  let outDir = "dist";
  let first = new Set<string>();
  return {
    name: "precompress",
    apply: "build",
    configResolved(config) {
      outDir = join(config.root, config.build.outDir);
    },
    writeBundle(_, bundle) {
      first = firstScreen(bundle);
    },
    async closeBundle() {
      let jsBytes = 0;
      for (const entry of await readdir(outDir, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !TEXT.test(entry.name)) continue;
        const path = join(entry.parentPath, entry.name);
        const bytes = await readFile(path);
        if (bytes.length < MIN_BYTES) continue;
        const [br, gz] = await Promise.all([
          promisify(brotliCompress)(bytes, {
            params: {
              [constants.BROTLI_PARAM_QUALITY]: 11,
              [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
            },
          }),
          promisify(gzip)(bytes, { level: 9 }),
        ]);
        await writeFile(`${path}.br`, br);
        await writeFile(`${path}.gz`, gz);
        if (first.has(relative(outDir, path))) jsBytes += gz.length;
      }
      this.info(`the first screen reads ${jsBytes} bytes of JavaScript, gzipped`);
      if (jsBytes > budget.max_js_gzip_bytes) {
        throw new Error(
          `The first screen's JavaScript is ${jsBytes} bytes gzipped; the budget is ${budget.max_js_gzip_bytes}. Load it lazily or leave it out.`,
        );
      }
    },
  };
}

/** What the browser must read before anything shows: the entry and all that it imports at once. */
function firstScreen(bundle: Rolldown.OutputBundle): Set<string> {
  const found = new Set<string>();
  const take = (name: string) => {
    const chunk = bundle[name];
    if (found.has(name) || chunk?.type !== "chunk") return;
    found.add(name);
    chunk.imports.forEach(take);
  };
  for (const [name, chunk] of Object.entries(bundle)) if (chunk.type === "chunk" && chunk.isEntry) take(name);
  return found;
}
