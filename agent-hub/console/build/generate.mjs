/**
 * `npm run generate`: the types of the wire, from the server's OpenAPI document (`../openapi.json`, or the file named).
 * Only the schemas: requests are a dozen lines in `src/api/client.ts`, and the frames of the socket have no paths.
 */
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const from = process.argv[2] ?? new URL("../../openapi.json", import.meta.url);
const to = new URL("../src/api/schema.gen.ts", import.meta.url);

const { openapi, info, components } = JSON.parse(await readFile(from, "utf8"));
const nodes = await openapiTS({ openapi, info, paths: {}, components: { schemas: components.schemas } });
const head = "/** Generated from agent-hub/openapi.json by `npm run generate`. Do not edit. */\n\n";
await writeFile(to, head + astToString(nodes));
