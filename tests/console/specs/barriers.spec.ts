/** Nobody is shut out: axe finds nothing serious, in light and dark. What axe cannot see is not promised here. */
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { picture } from "../src/samples.ts";
import { expect, test } from "../src/test.ts";

/** Colours fade from one appearance to the other; in between they are nobody's. What turns for ever is not waited for. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const ending = document.getAnimations().filter((move) => move.effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(ending.map((move) => move.finished));
  });
}

/** What axe finds, in the appearance that the system asks for. */
async function barriers(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme });
    await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", colorScheme);
    await settled(page);
    const { violations } = await new AxeBuilder({ page }).analyze();
    const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    for (const { id, nodes } of serious) {
      found.push(...nodes.map((node) => `${colorScheme}, ${id}: ${node.html.slice(0, 160)}`));
    }
  }
  return found;
}

test("the log-in page has no serious barrier, light or dark", async ({ door }) => {
  const desk = await door();
  await expect(desk.page.getByTestId("login-email")).toBeVisible();
  expect(await barriers(desk.page)).toEqual([]);
});

test("the inbox with an open conversation has no serious barrier, light or dark", async ({ phone, desk }) => {
  const ana = await desk("ana");
  await phone.add("5511955504347");
  await phone.write("atendente");
  await ana.open("Cliente 4347");
  expect(await barriers(ana.page), "waiting in the queue").toEqual([]);
  await ana.claim();
  await ana.reply("Oi! Já estou vendo.");
  await ana.note("Cliente antigo.");
  expect(await barriers(ana.page), "with a note being written").toEqual([]);
  await ana.page.getByTestId("transfer").click();
  await expect(ana.dialog).toBeVisible();
  expect(await barriers(ana.page), "with the transfer dialog").toEqual([]);
});

test("files, templates and the supervisors' pages have no serious barrier, light or dark", async ({ phone, desk }) => {
  const supervisor = await desk("carla");
  await phone.add("5511955506301");
  await phone.photograph();
  await phone.write("atendente");
  await supervisor.view("all");
  await supervisor.open("Cliente 6301");
  await expect(supervisor.page.getByTestId("media-image").first()).toBeVisible();
  await supervisor.claim();
  await supervisor.attach({ name: "mapa.png", mimeType: "image/png", buffer: picture() });
  expect(await barriers(supervisor.page), "with a picture and a file").toEqual([]);
  await supervisor.page.getByTestId("media-open").first().click();
  await expect(supervisor.page.getByTestId("lightbox-image")).toBeVisible();
  expect(await barriers(supervisor.page), "with the picture large").toEqual([]);
  await supervisor.page.keyboard.press("Escape");
  await supervisor.page.keyboard.press("Alt+r");
  await expect(supervisor.page.getByTestId("emoji").first()).toBeVisible();
  expect(await barriers(supervisor.page), "with the emoji").toEqual([]);
  await supervisor.page.keyboard.press("Escape");
  await supervisor.page.getByTestId("template-open").click();
  await supervisor.page.getByTestId("template-entry").first().click();
  expect(await barriers(supervisor.page), "with the templates").toEqual([]);
  await supervisor.page.keyboard.press("Escape");
  for (const page of ["numbers", "templates", "notices"]) {
    await supervisor.page.getByTestId(`page-${page}`).click();
    await expect(supervisor.page.getByTestId("office")).toBeVisible();
    expect(await barriers(supervisor.page), page).toEqual([]);
  }
});
