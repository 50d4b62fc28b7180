/** What a person would do, in a real Chromium against a real system. `npm test`; needs a dev build of balcao and simulator. */
import { defineConfig } from "@playwright/test";
import { launchOptions } from "./src/browser.ts";

export default defineConfig({
  testDir: "specs",
  outputDir: "test-results",
  // One installation serves all tests: a second would only fight for the processor.
  workers: 1,
  fullyParallel: false,
  retries: 0,
  forbidOnly: true,
  timeout: 45_000,
  expect: { timeout: 10_000 },
  reporter: [["list"]],
  use: { launchOptions, screenshot: "only-on-failure", actionTimeout: 10_000, navigationTimeout: 10_000 },
});
