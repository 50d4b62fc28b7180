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
  if (only && !name.includes(only)) return;
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

const only = process.argv[4];
const openClosed = async (page) => {
  await page.getByTestId("view-mine").click();
  await page.getByTestId("conversation-row").filter({ hasText: "Iara Simulada" }).first().click();
  await page.getByTestId("lock").waitFor();
};

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

/** Everything that a timeline shows, page by page. */
const walk = async (page, snap) => {
  await openMine(page);
  const thread = page.getByTestId("thread");
  for (let at = 1; at <= 5; at += 1) {
    await thread.evaluate((el) => el.scrollBy({ top: -el.clientHeight * 0.85 }));
    await page.waitForTimeout(500);
    await snap(`-${at}`);
  }
};
for (const locale of ["pt-BR", "en", "es"])
  await visit(`kinds-${locale}`, { locale, scheme: locale === "en" ? "dark" : "light" }, walk);
await visit("kinds-dark", { scheme: "dark" }, walk);
await visit("lightbox", {}, async (page) => {
  await openMine(page);
  const open = page.getByTestId("media-open").first();
  await open.scrollIntoViewIfNeeded();
  await open.click();
  await page.getByTestId("lightbox-image").waitFor();
});
await visit("emoji-dark", { scheme: "dark" }, async (page) => {
  await openMine(page);
  await page.keyboard.press("Alt+r");
  await page.getByTestId("emoji").first().waitFor();
});
await visit("attached", {}, async (page) => {
  await openMine(page);
  await page.getByTestId("attach-input").setInputFiles([
    { name: "mapa da rede.pdf", mimeType: "application/pdf", buffer: Buffer.alloc(90_000, 1) },
    { name: "foto.png", mimeType: "image/png", buffer: Buffer.alloc(2_000, 1) },
    { name: "enorme.pdf", mimeType: "application/pdf", buffer: Buffer.alloc(2_500_000, 1) },
  ]);
  await page.getByTestId("composer").fill("Segue o mapa.");
  await page.waitForTimeout(800);
});
const pick = async (page) => {
  await openClosed(page);
  await page.getByTestId("template-open").click();
  await page.locator('[data-testid="template-entry"][data-name="visita_tecnica"]').click();
  await page.locator('[data-slot="body.nome"]').fill("Ana");
};
for (const [locale, scheme] of [
  ["pt-BR", "light"],
  ["en", "dark"],
  ["es", "light"],
])
  await visit(`template-${locale}`, { locale, scheme }, pick);
for (const one of ["numbers", "templates", "notices"]) {
  for (const [locale, scheme] of [
    ["pt-BR", "light"],
    ["en", "dark"],
    ["es", "light"],
  ]) {
    await visit(`page-${one}-${locale}`, { locale, scheme }, async (page) => {
      await page.getByTestId(`page-${one}`).click();
      await page.waitForTimeout(500);
    });
  }
}
await visit("page-new-template-dark", { scheme: "dark" }, async (page) => {
  await page.getByTestId("page-templates").click();
  await page.getByTestId("template-new").click();
  await page.getByTestId("draft-body").fill("Olá, {{1}}! Sua visita é em {{2}}.");
});
await visit("merge", {}, async (page) => {
  await openMine(page);
  await page.getByTestId("merge-open").click();
  await page.getByTestId("merge-candidate").first().click();
});
await browser.close();
