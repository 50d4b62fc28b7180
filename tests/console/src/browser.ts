/** Which Chromium, and how it is started: the system's, never a downloaded one. */
import { existsSync } from "node:fs";
import type { PlaywrightTestConfig } from "@playwright/test";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

function executable(): string {
  const chosen = process.env.CHROMIUM ?? PLACES.find((path) => existsSync(path));
  if (!chosen) {
    throw new Error("no Chromium found: install the Debian package chromium, or set CHROMIUM to its path");
  }
  return chosen;
}

export const launchOptions: NonNullable<NonNullable<PlaywrightTestConfig["use"]>["launchOptions"]> = {
  executablePath: executable(),
  args: [
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    // Chromium refuses its sandbox to root, who runs most containers.
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
  ],
};
