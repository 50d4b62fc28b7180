/** The pictures of the README: `npm run screenshots` writes them to docs/images. */
import { defineConfig } from "@playwright/test";
import { launchOptions } from "./src/browser.ts";

export default defineConfig({
  testDir: "pictures",
  outputDir: "test-results",
  workers: 1,
  retries: 0,
  timeout: 240_000,
  expect: { timeout: 20_000 },
  reporter: [["list"]],
  use: { launchOptions, actionTimeout: 10_000, navigationTimeout: 10_000 },
});
