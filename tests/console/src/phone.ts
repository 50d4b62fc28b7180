/** The customers' phones: the simulator's page, used as a person would. */
import { expect, type Locator, type Page } from "@playwright/test";

export class Phone {
  constructor(readonly page: Page) {}

  /** A new number; it is the one on the screen afterwards. */
  async add(number: string): Promise<void> {
    await this.page.getByTestId("new-contact-input").fill(number);
    await this.page.getByTestId("new-contact-button").click();
    await expect(this.person(number)).toHaveAttribute("aria-current", "true");
  }

  person(number: string): Locator {
    return this.page.locator(`[data-testid="contact-item"][data-phone="${number}"]`);
  }

  /** Takes somebody's phone in hand, which reads what came. */
  async take(number: string): Promise<void> {
    await this.person(number).click();
    await expect(this.person(number)).toHaveAttribute("aria-current", "true");
  }

  async write(text: string): Promise<void> {
    await this.page.getByTestId("text-input").fill(text);
    await this.page.getByTestId("send-button").click();
    await expect(this.sent(text).last()).toBeVisible();
  }

  /** What the customer wrote. */
  sent(text: string | RegExp): Locator {
    return this.bubbles("in").filter({ hasText: text });
  }

  /** What the business wrote. */
  received(text: string | RegExp): Locator {
    return this.bubbles("out").filter({ hasText: text });
  }

  /** Opens the newest list and taps a row. */
  async pick(row: string): Promise<void> {
    await this.page.getByTestId("list-opener").last().click();
    await this.page.getByTestId("list-row").filter({ hasText: row }).click();
  }

  /** Taps a button under the newest message that has it. */
  async tap(button: string): Promise<void> {
    await this.page.getByTestId("reply-button").filter({ hasText: button }).last().click();
  }

  /** Takes a photo and sends it: the phone's own picture of a router, with words. */
  async photograph(): Promise<void> {
    await this.page.getByTestId("attach-button").click();
    await this.page.getByTestId("attach-photo").click();
    await expect(this.page.locator('[data-testid="message-bubble"][data-type="image"]').last()).toBeVisible();
  }

  /** What can be done with a message. */
  private async menu(bubble: Locator): Promise<void> {
    await bubble.hover();
    await bubble.getByTestId("message-menu").click();
  }

  async react(bubble: Locator, emoji: string): Promise<void> {
    await this.menu(bubble);
    await this.page.getByTestId("react").filter({ hasText: emoji }).click();
  }

  async edit(bubble: Locator, text: string): Promise<void> {
    await this.menu(bubble);
    await this.page.getByTestId("menu-edit").click();
    await this.page.getByTestId("text-input").fill(text);
    await this.page.getByTestId("send-button").click();
  }

  async delete(bubble: Locator): Promise<void> {
    await this.menu(bubble);
    await this.page.getByTestId("menu-delete").click();
  }

  /** Messages of the business by their type. */
  ofType(type: string): Locator {
    return this.page.locator(`[data-testid="message-bubble"][data-direction="out"][data-type="${type}"]`);
  }

  private bubbles(direction: "in" | "out"): Locator {
    return this.page.locator(`[data-testid="message-bubble"][data-direction="${direction}"]`);
  }
}
