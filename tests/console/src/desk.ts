/** An agent's console, used as a person would. */
import { expect, type Locator, type Page } from "@playwright/test";
import type { Account } from "./system.ts";

/** How soon an agent sees what happened (promise 6 of docs/architecture.md). */
export const SOON_MS = 2_000;

export type Scope = "mine" | "queue" | "automation" | "attending" | "all" | "closed";

export class Desk {
  constructor(readonly page: Page) {}

  async logIn(account: Account): Promise<void> {
    await this.page.getByTestId("login-email").fill(account.email);
    await this.page.getByTestId("login-password").fill(account.password);
    await this.page.getByTestId("login-submit").click();
    await expect(this.connection).toHaveAttribute("data-state", "live");
  }

  get connection(): Locator {
    return this.page.getByTestId("connection");
  }

  /** Changes when the page was loaded again. */
  loadedAt(): Promise<number> {
    return this.page.evaluate(() => performance.timeOrigin);
  }

  async view(scope: Scope): Promise<void> {
    await this.page.getByTestId(`view-${scope}`).click();
    await expect(this.page.getByTestId(`view-${scope}`)).toHaveAttribute("aria-current", "page");
  }

  row(customer: string): Locator {
    return this.page.getByTestId("conversation-row").filter({ hasText: customer });
  }

  async open(customer: string): Promise<void> {
    await this.row(customer).click();
    await expect(this.conversation.getByRole("heading", { name: customer })).toBeVisible();
    await expect(this.items.first()).toBeVisible();
  }

  get conversation(): Locator {
    return this.page.getByTestId("conversation");
  }

  get items(): Locator {
    return this.page.getByTestId("item");
  }

  item(text: string | RegExp): Locator {
    return this.items.filter({ hasText: text });
  }

  get composer(): Locator {
    return this.page.getByTestId("composer");
  }

  async claim(): Promise<void> {
    await this.page.getByTestId("claim").click();
    await expect(this.composer).toBeVisible();
  }

  async reply(text: string): Promise<void> {
    await this.page.getByTestId("tab-reply").click();
    await this.composer.fill(text);
    await this.page.getByTestId("send").click();
    await expect(this.item(text)).toBeVisible();
  }

  /** Puts files at the next message, as the file dialog would. */
  async attach(...files: { name: string; mimeType: string; buffer: Buffer }[]): Promise<void> {
    await this.page.getByTestId("attach-input").setInputFiles(files);
    await expect(this.page.getByTestId("attachment")).toHaveCount(files.length);
  }

  /** An emoji on an item, with the keyboard only after the pointer showed the way. */
  async react(item: Locator, emoji: string): Promise<void> {
    await item.hover();
    await item.getByTestId("react").click();
    await this.page.getByTestId("emoji").filter({ hasText: emoji }).first().click();
  }

  async note(text: string): Promise<void> {
    await this.page.getByTestId("tab-note").click();
    await this.composer.fill(text);
    await this.page.getByTestId("send").click();
    await expect(this.item(text)).toHaveAttribute("data-kind", "note");
  }

  get dialog(): Locator {
    return this.page.getByRole("dialog");
  }

  async transferToTeam(team: string, note: string): Promise<void> {
    await this.page.getByTestId("transfer").click();
    await this.page.getByTestId("transfer-to").click();
    await this.page.getByRole("option", { name: team }).click();
    await this.page.getByTestId("transfer-note").fill(note);
    await this.page.getByTestId("transfer-submit").click();
    await expect(this.dialog).toHaveCount(0);
  }

  async resolve(reason: string): Promise<void> {
    await this.page.getByTestId("resolve").click();
    await this.page.getByTestId(`resolve-reason-${reason}`).check();
    await this.page.getByTestId("resolve-submit").click();
    await expect(this.page.getByTestId("lock")).toHaveAttribute("data-lock", "closed");
  }

  /** Returns when the account knows it too. */
  async language(tag: "pt-BR" | "en" | "es"): Promise<void> {
    const stored = this.page.waitForResponse((answer) => answer.url().endsWith("/api/v1/me/locale"));
    await this.page.getByTestId("language-switch").selectOption(tag);
    expect((await stored).ok()).toBe(true);
  }

  scheme(name: "light" | "dark"): Promise<void> {
    return this.page.getByTestId(`scheme-${name}`).click();
  }
}
