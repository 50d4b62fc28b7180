/** Habits of the console: the door, the keyboard, languages, light and dark. */
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Route } from "@playwright/test";
import { SOON_MS } from "../src/desk.ts";
import { expect, test } from "../src/test.ts";

const run = promisify(execFile);

test("a wrong password is refused in words, the right one lets in", async ({ door, system }) => {
  const desk = await door();
  const { email, password } = system.account("carla");
  await desk.page.getByTestId("login-email").fill(email);
  await desk.page.getByTestId("login-password").fill(`${password}x`);
  await desk.page.getByTestId("login-submit").click();
  await expect(desk.page.getByTestId("login-problem")).toHaveText("E-mail e senha não conferem.");
  await desk.page.getByTestId("login-password").fill(password);
  await desk.page.getByTestId("login-submit").click();
  await expect(desk.page.getByTestId("me")).toHaveText("Carla Exemplo");
});

test("a session outlives a reload and ends at log-out", async ({ desk }) => {
  const ana = await desk("ana");
  await ana.page.reload();
  await expect(ana.connection).toHaveAttribute("data-state", "live");
  await ana.page.getByTestId("logout").click();
  await expect(ana.page.getByTestId("login-email")).toBeVisible();
  await ana.page.reload();
  await expect(ana.page.getByTestId("login-email")).toBeVisible();
});

test("the keyboard alone is enough to take, answer and close a conversation", async ({ phone, desk }) => {
  const customer = "Cliente 4321";
  const ana = await desk("ana");
  await phone.add("5511955504321");
  await phone.write("quero falar com uma pessoa");
  await expect(ana.row(customer)).toBeVisible();
  const { keyboard } = ana.page;
  await ana.row(customer).focus();
  await keyboard.press("Enter");
  await expect(ana.page.getByTestId("claim")).toBeVisible();
  await keyboard.press("Alt+c");
  await expect(ana.composer).toBeVisible();
  await keyboard.press("Alt+p");
  await keyboard.type("Oi! Como posso ajudar?");
  await keyboard.press("Enter");
  await expect(phone.received("Oi! Como posso ajudar?")).toBeVisible();
  await keyboard.press("Alt+e");
  await expect(ana.page.getByTestId("resolve-reason-solved")).toBeFocused();
  await keyboard.press("Enter");
  await expect(ana.page.getByTestId("lock")).toHaveAttribute("data-lock", "closed");
});

test("two agents on two nodes reach for one conversation: one has it, the other is told", async ({
  phone,
  desk,
}) => {
  const customer = "Cliente 4332";
  const [ana, bruno] = [await desk("ana"), await desk("bruno", { node: 1 })];
  await phone.add("5511955504332");
  await phone.write("atendente");
  for (const agent of [ana, bruno]) {
    await expect(agent.row(customer)).toBeVisible();
    await agent.open(customer);
  }
  // Neither request goes on before both are on their way: the quicker one would take the button from the other.
  const held: Route[] = [];
  for (const { page } of [ana, bruno])
    await page.route("**/claim", async (claim) => {
      held.push(claim);
      if (held.length === 2) await Promise.all(held.map((each) => each.continue()));
    });
  await Promise.all([ana, bruno].map((agent) => agent.page.getByTestId("claim").click()));
  const locks = [ana, bruno].map((agent) => agent.page.getByTestId("lock"));
  await expect
    .poll(async () => (await Promise.all(locks.map((lock) => lock.count()))).sort(), { timeout: SOON_MS })
    .toEqual([0, 1]);
  const loser = (await ana.composer.count()) === 0 ? ana : bruno;
  await expect(loser.page.getByTestId("lock")).toHaveAttribute("data-lock", "colleague");
});

test("language and appearance change at once and are remembered", async ({ desk }) => {
  const ana = await desk("ana");
  const html = ana.page.locator("html");
  for (const [tag, queue] of [
    ["en", "Queue"],
    ["es", "Cola"],
    ["pt-BR", "Fila"],
  ] as const) {
    await ana.language(tag);
    await expect(html).toHaveAttribute("lang", tag);
    await expect(ana.page.getByTestId("view-queue")).toContainText(queue);
  }
  const background = () => ana.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await ana.scheme("light");
  const light = await background();
  await ana.scheme("dark");
  await expect.poll(background).not.toBe(light);
  await ana.language("en");
  await ana.page.reload();
  await expect(html).toHaveAttribute("lang", "en");
  await expect(html).toHaveAttribute("data-mantine-color-scheme", "dark");
  await ana.language("pt-BR");
});

test("what a supervisor exports verifies without Balcão; an agent is not offered it", async ({
  desk,
}, testInfo) => {
  const ana = await desk("ana");
  await expect(ana.page.getByTestId("export")).toHaveCount(0);
  const carla = await desk("carla");
  await carla.page.getByTestId("export").click();
  const key = await carla.dialog.locator("code").textContent();
  const downloading = carla.page.waitForEvent("download");
  await carla.page.getByTestId("export-submit").click();
  const archive = await (await downloading).path();
  const unpacked = testInfo.outputPath("export");
  await run("python3", ["-m", "zipfile", "-e", archive, unpacked]);
  const [name = ""] = await readdir(unpacked);
  const { stdout } = await run("python3", [
    join(unpacked, name, "verify.py"),
    join(unpacked, name),
    key ?? "",
  ]);
  expect(stdout).toMatch(/^OK \d+ events/);
});
