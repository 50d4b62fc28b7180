/** Takes pictures of the console against the mock server (`npm run mock` must run): `node dev/shots.mjs [out folder] [url]`. */
import { mkdirSync } from "node:fs";
import AxeBuilder from "@axe-core/playwright";
import { chromium } from "@playwright/test";

const out = process.argv[2] ?? "dev/shots";
const base = process.argv[3] ?? "http://127.0.0.1:5173";
mkdirSync(out, { recursive: true });

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});

async function visit(
  name,
  { locale = "pt-BR", scheme = "light", who = "marina", width = 1440, height = 900 } = {},
  steps = async () => {},
) {
  const context = await browser.newContext({
    locale,
    colorScheme: scheme,
    viewport: { width, height },
    timezoneId: "America/Sao_Paulo",
  });
  await context.addInitScript((tag) => localStorage.setItem("balcao.locale", tag), locale);
  const page = await context.newPage();
  page.on("pageerror", (error) => console.error(name, "page error:", error.message));
  page.on(
    "console",
    (message) =>
      message.type() === "error" && !message.text().includes("401") && console.error(name, message.text()),
  );
  await page.goto(base);
  if (who) {
    await page.getByTestId("login-email").fill(`${who}@exemplo.test`);
    await page.getByTestId("login-password").fill("segredo");
    await page.getByTestId("login-submit").click();
    await page.getByTestId("me").first().waitFor({ state: "attached" });
  }
  const snap = async (suffix = "") => {
    await page.waitForTimeout(400);
    const { violations } = await new AxeBuilder({ page })
      .withTags(["wcag2a", "wcag2aa", "wcag21aa"])
      .analyze();
    for (const { id, nodes } of violations) {
      for (const node of nodes.slice(0, 4))
        console.error(name + suffix, id, node.html.slice(0, 140), node.any[0]?.message ?? "");
    }
    await page.screenshot({ path: `${out}/${name}${suffix}.png` });
  };
  await steps(page, snap);
  await snap();
  await context.close();
}

const openMine = async (page) => {
  await page.getByTestId("view-mine").click();
  await page.getByTestId("conversation-row").filter({ hasText: "Ana Exemplo" }).first().click();
  await page.getByTestId("item").last().waitFor();
};

await visit("login", { who: null });
await visit("login-dark-es", { who: null, scheme: "dark", locale: "es" });
await visit("queue", {});
await visit("mine", {}, async (page, snap) => {
  await openMine(page);
  await snap("-before");
  await page.getByTestId("composer").fill("Oi, Ana! Vou agendar agora.");
  await page.getByTestId("send").click();
  await page.getByTestId("composer").fill("isto é uma recusa");
  await page.getByTestId("send").click();
  await page.waitForTimeout(2000);
});
await visit("mine-dark-en", { scheme: "dark", locale: "en" }, openMine);
await visit("note-dark", { scheme: "dark" }, async (page) => {
  await openMine(page);
  await page.keyboard.press("Alt+l");
  await page.keyboard.type("Cliente prefere visita de manhã.");
});
await visit("note", {}, async (page) => {
  await openMine(page);
  await page.getByTestId("tab-note").click();
  await page.getByTestId("composer").fill("Cliente prefere visita de manhã.");
});
await visit("waiting-es", { locale: "es" }, async (page) => {
  await page.getByTestId("conversation-row").nth(2).click();
  await page.getByTestId("claim").waitFor();
});
await visit("resolve", {}, async (page) => {
  await openMine(page);
  await page.keyboard.press("Alt+e");
  await page.getByTestId("resolve-submit").waitFor();
});
await visit("transfer-dark", { scheme: "dark" }, async (page) => {
  await openMine(page);
  await page.getByTestId("transfer").click();
  await page.getByTestId("transfer-submit").waitFor();
});
await visit("export", {}, async (page) => {
  await page.getByTestId("export").click();
  await page.getByTestId("export-submit").waitFor();
});
await visit("palette-dark", { scheme: "dark" }, async (page) => {
  await openMine(page);
  await page.keyboard.press("Control+k");
  await page.waitForTimeout(500);
});
await visit("help", {}, async (page) => {
  await page.keyboard.press("Shift+?");
});
await visit("narrow", { width: 1024, height: 768 }, openMine);
await visit("phone", { width: 600, height: 800 }, openMine);
await visit("auditor-en", { who: "dora", locale: "en" });
await visit("older", {}, async (page) => {
  await openMine(page);
  await page.getByTestId("thread").evaluate((el) => el.scrollTo({ top: 0 }));
  await page.waitForTimeout(900);
});
await visit("offline", {}, async (page) => {
  await openMine(page);
  await page.request.post(`${base}/mock/drop`);
  await page.waitForTimeout(700);
  await page.getByTestId("composer").fill("Escrita sem conexão");
  await page.getByTestId("send").click();
});
await browser.close();
