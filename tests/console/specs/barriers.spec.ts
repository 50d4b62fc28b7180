/** Nobody is shut out: axe finds nothing serious, in light and dark. What axe cannot see is not promised here. */
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, type Scheme, test } from "../src/test.ts";

const SCHEMES: readonly Scheme[] = ["light", "dark"];

async function barriers(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)}`));
}

for (const scheme of SCHEMES) {
  test(`the log-in page has no serious barrier (${scheme})`, async ({ door }) => {
    const desk = await door({ scheme });
    await expect(desk.page.getByTestId("login-email")).toBeVisible();
    expect(await barriers(desk.page)).toEqual([]);
  });

  test(`the inbox with an open conversation has no serious barrier (${scheme})`, async ({ phone, desk }) => {
    const last = scheme === "light" ? "4347" : "4358";
    const ana = await desk("ana", { scheme });
    await phone.add(`551195550${last}`);
    await phone.write("atendente");
    await ana.open(`Cliente ${last}`);
    expect(await barriers(ana.page), "waiting in the queue").toEqual([]);
    await ana.claim();
    await ana.reply("Oi! Já estou vendo.");
    await ana.note("Cliente antigo.");
    expect(await barriers(ana.page), "with a note being written").toEqual([]);
    await ana.page.getByTestId("transfer").click();
    await expect(ana.dialog).toBeVisible();
    expect(await barriers(ana.page), "with the transfer dialog").toEqual([]);
  });
}
