import { chromium } from "@playwright/test";

const base = "http://127.0.0.1:5173";
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
const ok = (name, cond, extra = "") => console.log(cond ? "ok  " : "FAIL", name, extra);
const context = await browser.newContext({ locale: "en-US", viewport: { width: 1440, height: 900 } });
const page = await context.newPage();
page.on("pageerror", (e) => console.log("PAGEERROR", e.message));
page.on("console", (m) => m.type() === "error" && console.log("CONSOLE", m.text()));
await page.goto(base);
ok("login page English by browser", (await page.locator("html").getAttribute("lang")) === "en");
await page.getByTestId("login-email").fill("otavio@exemplo.test");
await page.getByTestId("login-password").fill("errada");
await page.getByTestId("login-submit").click();
await page.getByTestId("login-problem").waitFor();
ok("wrong password worded", (await page.getByTestId("login-problem").textContent()).includes("do not match"));
await page.getByTestId("login-password").fill("certa");
await page.getByTestId("login-submit").click();
await page.getByTestId("me").waitFor();
ok("account locale", (await page.locator("html").getAttribute("lang")) === "pt-BR");
await page.getByTestId("language-switch").selectOption("en");
ok("lang switch", (await page.locator("html").getAttribute("lang")) === "en");
await page.getByTestId("scheme-dark").click();
ok("scheme", (await page.locator("html").getAttribute("data-mantine-color-scheme")) === "dark");
await page.waitForFunction(() => document.querySelector("[data-testid=connection]").dataset.state === "live");
ok("no export for agents", (await page.getByTestId("export").count()) === 0);
// claim
await page.getByTestId("conversation-row").first().click();
await page.getByTestId("claim").waitFor();
ok("composer locked", (await page.getByTestId("composer").count()) === 0);
ok("no transfer before claim", (await page.getByTestId("transfer").count()) === 0);
const id = await page.getByTestId("conversation").getAttribute("data-conversation-id");
await page.keyboard.press("Alt+c");
await page.getByTestId("composer").waitFor();
ok("claimed", true);
// draft over reload
await page.keyboard.press("Alt+p");
await page.keyboard.type("rascunho guardado");
await page.reload();
await page.getByTestId("composer").waitFor();
ok("draft after reload", (await page.getByTestId("composer").inputValue()) === "rascunho guardado");
ok("scheme remembered", (await page.locator("html").getAttribute("data-mantine-color-scheme")) === "dark");
await page.getByTestId("composer").press("Control+Enter");
await page.locator("[data-testid=item][data-ticks=read]").last().waitFor();
await page.waitForFunction(
  () => [...document.querySelectorAll("[data-testid=item]")].at(-1).dataset.ticks === "read",
);
ok("sent and read", (await page.getByTestId("item").last().textContent()).includes("rascunho guardado"));
ok("no pending left", (await page.getByTestId("pending").count()) === 0);
// shift enter newline + enter send
await page.getByTestId("composer").fill("a");
await page.getByTestId("composer").press("Shift+Enter");
await page.keyboard.type("b");
await page.keyboard.press("Enter");
await page.waitForTimeout(300);
ok("newline", (await page.getByTestId("item").last().locator("p").first().textContent()) === "a\nb");
// note
await page.keyboard.press("Alt+l");
await page.keyboard.type("só nós");
await page.getByTestId("send").click();
await page.locator("[data-testid=item][data-kind=note]").last().waitFor();
await page.waitForTimeout(300);
ok("note stored", (await page.getByTestId("item").last().getAttribute("data-kind")) === "note");
// incoming + announcer
const nm = await page.locator("header h1").first().textContent();
await page.request.post(`${base}/mock/say`, { data: { name: nm, text: "Oi do cliente" } });
await page.getByTestId("item").last().getByText("Oi do cliente").waitFor();
ok("announced", (await page.getByTestId("announcer").textContent()).includes("Oi do cliente"));
await page.waitForTimeout(600);
await page.getByTestId("view-mine").click();
const row = page.locator(`[data-testid=conversation-row][data-conversation-id="${id}"]`);
await row.waitFor();
await page.waitForTimeout(500);
ok("left the conversation", (await page.getByTestId("conversation").count()) === 0);
await row.click();
await page.getByTestId("composer").waitFor();
await page.waitForTimeout(600);
ok("read marker moved", !(await row.textContent()).includes("unread"), await row.textContent());
// list stillness
await page.getByTestId("view-queue").click();
await page.getByTestId("conversation-row").first().waitFor();
const box = await page.getByTestId("conversation-row").nth(2).boundingBox();
await page.mouse.move(box.x + 50, box.y + 20);
const before = await page
  .getByTestId("conversation-row")
  .evaluateAll((els) => els.map((e) => e.dataset.conversationId));
// another agent's socket: claim third + make new one via second context
const ctx2 = await browser.newContext({ locale: "pt-BR", viewport: { width: 1440, height: 900 } });
const p2 = await ctx2.newPage();
await p2.goto(base);
await p2.getByTestId("login-email").fill("marina@exemplo.test");
await p2.getByTestId("login-password").fill("certa");
await p2.getByTestId("login-submit").click();
await p2.getByTestId("conversation-row").first().click();
await p2.getByTestId("claim").click();
await p2.getByTestId("composer").waitFor();
await page.waitForTimeout(600);
let after = await page
  .getByTestId("conversation-row")
  .evaluateAll((els) => els.map((e) => e.dataset.conversationId));
ok("rows keep places under the pointer", JSON.stringify(before) === JSON.stringify(after));
ok("gone row is marked", (await page.locator("[data-testid=conversation-row][data-gone]").count()) === 1);
await p2.getByTestId("view-mine").click();
await p2.getByTestId("conversation-row").first().click();
await p2.getByTestId("release").click();
await p2.waitForTimeout(500);
await page.mouse.move(1200, 400);
await page.waitForTimeout(400);
after = await page
  .getByTestId("conversation-row")
  .evaluateAll((els) => els.map((e) => e.dataset.conversationId));
ok(
  "list at rest follows",
  (await page.locator("[data-testid=conversation-row][data-gone]").count()) === 0,
  `${before.length} ${after.length}`,
);
// fresh bar: hover, then marina releases another of hers
await page.mouse.move(box.x + 50, box.y + 20);
await p2.getByTestId("view-mine").click();
await p2.getByTestId("conversation-row").first().click();
await p2.getByTestId("release").click();
await page.getByTestId("list-new").waitFor({ timeout: 4000 });
ok("n new bar", true, await page.getByTestId("list-new").textContent());
await page.getByTestId("list-new").click();
ok("bar gone", (await page.getByTestId("list-new").count()) === 0);
// Alt+J / K
await page.mouse.move(1200, 500);
await page.keyboard.press("Alt+j");
await page.getByTestId("conversation").waitFor();
const one = page.url();
await page.keyboard.press("Alt+j");
await page.waitForTimeout(300);
ok("alt j moves", page.url() !== one);
await page.keyboard.press("Alt+k");
await page.waitForTimeout(300);
ok("alt k returns", page.url() === one);
await page.keyboard.press("Escape");
await page.waitForTimeout(200);
ok("esc closes", (await page.getByTestId("conversation").count()) === 0);
// offline send
await page.goto(`${base}/inbox/mine/${id}`);
await page.getByTestId("composer").waitFor();
await page.request.post(`${base}/mock/drop`);
await page.waitForFunction(
  () => document.querySelector("[data-testid=connection]").dataset.state === "offline",
);
ok("composer warns", await page.getByTestId("composer-warning").isVisible());
await page.getByTestId("composer").fill("escrita no escuro");
await page.keyboard.press("Enter");
await page.getByTestId("pending").waitFor();
await page.waitForFunction(
  () => document.querySelector("[data-testid=connection]").dataset.state === "live",
  null,
  { timeout: 25000 },
);
await page.getByTestId("item").last().getByText("escrita no escuro").waitFor();
ok(
  "sent after reconnection, once",
  (await page.getByTestId("item").filter({ hasText: "escrita no escuro" }).count()) === 1 &&
    (await page.getByTestId("pending").count()) === 0,
);
// resolve by keyboard
await page.keyboard.press("Alt+e");
await page.getByTestId("resolve-submit").waitFor();
await page.keyboard.press("ArrowDown");
await page.keyboard.press("Enter");
await page.getByTestId("lock").waitFor();
ok("resolved", (await page.getByTestId("lock").getAttribute("data-lock")) === "closed");
// logout
await page.getByTestId("tab-note").click();
await page.getByTestId("composer").fill("segredo");
await page.getByTestId("logout").click();
await page.getByTestId("login-email").waitFor();
ok(
  "storage clean",
  !JSON.stringify(await page.evaluate(() => ({ ...sessionStorage }))).includes("segredo"),
  JSON.stringify(await page.evaluate(() => ({ ...sessionStorage, ...localStorage }))),
);
await browser.close();
