/**
 * What every spec gets: one running installation for all, and for each test phones and desks in browser contexts of
 * their own. A page that reports an error or breaks its content security policy fails the test that opened it.
 */
import {
  type BrowserContext,
  type BrowserContextOptions,
  test as base,
  expect,
  type Page,
} from "@playwright/test";
import { Desk } from "./desk.ts";
import { Phone } from "./phone.ts";
import { type Account, type System, startSystem } from "./system.ts";

export type Scheme = "light" | "dark";

export interface Seat {
  /** 0 = the demo's own node, 1 = the second one. */
  node?: 0 | 1;
  /** The console of another node than these. */
  console?: string;
  locale?: "pt-BR" | "en" | "es";
  scheme?: Scheme;
}

interface Fixtures {
  /** What a test itself provokes: errors of pages that match are no complaints. */
  provoked: RegExp | undefined;
  open: (url: string, options?: BrowserContextOptions) => Promise<Page>;
  phone: Phone;
  /** The log-in page of a node. */
  door: (seat?: Seat) => Promise<Desk>;
  /** A logged-in agent. */
  desk: (name: string, seat?: Seat) => Promise<Desk>;
}

interface Shared {
  system: System;
}

export const test = base.extend<Fixtures, Shared>({
  system: [
    // Playwright reads the needs of a fixture from this pattern
    async ({}, use) => {
      const system = await startSystem();
      await use(system);
      await system.stop();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  provoked: [undefined, { option: true }],
  open: async ({ browser, provoked }, use) => {
    const contexts: BrowserContext[] = [];
    const complaints: string[] = [];
    await use(async (url, options = {}) => {
      const context = await browser.newContext({
        locale: "pt-BR",
        timezoneId: "America/Sao_Paulo",
        viewport: { width: 1440, height: 900 },
        ...options,
      });
      contexts.push(context);
      await watch(context, complaints);
      const page = await context.newPage();
      await page.goto(url);
      return page;
    });
    for (const context of contexts) await context.close();
    const serious = complaints.filter((complaint) => !provoked?.test(complaint));
    expect(serious, "the pages report no error").toEqual([]);
  },
  phone: async ({ open, system }, use) => {
    await use(new Phone(await open(system.simulator)));
  },
  door: async ({ open, system }, use) => {
    await use(async ({ node = 0, console, locale = "pt-BR", scheme = "light" } = {}) => {
      const page = await open(console ?? system.consoles[node], { locale, colorScheme: scheme });
      return new Desk(page);
    });
  },
  desk: async ({ door, system }, use) => {
    await use(async (name, seat) => {
      const desk = await door(seat);
      const account: Account = system.account(name);
      await desk.logIn(account);
      return desk;
    });
  },
});

/** Chromium calls every answer from 400 on an error; these are the ones that a good day brings. */
const REFUSALS = [
  // A page without a session asks whether it has one; a wrong password.
  { status: "401", path: /\/api\/v1\/session/ },
  // Two agents reach for one conversation.
  { status: "409", path: /\/api\/v1\/conversations\/[^/]+\/claim$/ },
];

async function watch(context: BrowserContext, complaints: string[]): Promise<void> {
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`content security policy: ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  context.on("weberror", (error) => complaints.push(error.error().message));
  context.on("console", (message) => {
    const { url } = message.location();
    const refused = REFUSALS.some(({ status, path }) => message.text().includes(status) && path.test(url));
    if (message.type() === "error" && !refused) complaints.push(`${message.text()} ${url}`);
  });
}

export { expect };
