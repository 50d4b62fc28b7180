/**
 * Writes a `.br` and a `.gz` next to every text asset of the build, so that the server compresses nothing at run time,
 * and fails the build when the JavaScript of the first screen outgrows its budget.
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Plugin } from "vite";

const TEXT = /\.(?:js|css|html|svg|json|txt|map)$/;
const MIN_BYTES = 512;

export function precompress(budget: { max_js_gzip_bytes: number }): Plugin {
  let outDir = "dist";
  return {
    name: "precompress",
    apply: "build",
    configResolved(config) {
      outDir = join(config.root, config.build.outDir);
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
        if (entry.name.endsWith(".js")) jsBytes += gz.length;
      }
      if (jsBytes > budget.max_js_gzip_bytes) {
        throw new Error(
          `JavaScript is ${jsBytes} bytes gzipped; the budget is ${budget.max_js_gzip_bytes}. Load it lazily or leave it out.`,
        );
      }
    },
  };
}
