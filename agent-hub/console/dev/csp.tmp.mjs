import { existsSync, readFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { extname } from "node:path";
import { chromium } from "@playwright/test";

const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src 'self' blob: data:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const T = {
  ".js": "text/javascript",
  ".css": "text/css",
  ".html": "text/html",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};
const server = http.createServer((q, r) => {
  if (q.url.startsWith("/api") || q.url.startsWith("/mock")) {
    const p = http.request(
      { host: "127.0.0.1", port: 5173, path: q.url, method: q.method, headers: q.headers },
      (a) => {
        r.writeHead(a.statusCode, a.headers);
        a.pipe(r);
      },
    );
    q.pipe(p);
    return;
  }
  let f = "dist" + q.url.split("?")[0];
  if (!existsSync(f) || f.endsWith("/")) f = "dist/index.html";
  r.writeHead(200, {
    "content-type": T[extname(f)],
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
  });
  r.end(readFileSync(f));
});
server.on("upgrade", (q, s, h) => {
  const u = net.connect(5173, "127.0.0.1", () => {
    u.write(
      `${q.method} ${q.url} HTTP/1.1\r\n` +
        Object.entries(q.headers)
          .map(([k, v]) => `${k}: ${v}`)
          .join("\r\n") +
        "\r\n\r\n",
    );
    u.write(h);
    u.pipe(s);
    s.pipe(u);
  });
  u.on("error", () => s.destroy());
  s.on("error", () => u.destroy());
});
await new Promise((k) => server.listen(0, "127.0.0.1", k));
const base = `http://127.0.0.1:${server.address().port}`;
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
const page = await (
  await browser.newContext({ acceptDownloads: true, viewport: { width: 1366, height: 768 } })
).newPage();
page.on("console", (m) => ["error", "warning"].includes(m.type()) && console.log("CONSOLE", m.text()));
page.on("pageerror", (e) => console.log("PAGEERROR", e.message));
page.on(
  "request",
  (q) => !q.url().startsWith(base) && !q.url().startsWith("blob:") && console.log("EXTERNAL", q.url()),
);
const t0 = Date.now();
await page.goto(base);
await page.getByTestId("login-email").fill("marina@x.test");
await page.getByTestId("login-password").fill("x");
console.log("login shown ms", Date.now() - t0);
await page.getByTestId("login-submit").click();
await page.getByTestId("conversation-row").first().click();
await page.getByTestId("claim").click();
await page.getByTestId("composer").fill("oi");
await page.getByTestId("send").click();
await page.locator("[data-testid=item][data-ticks=read]").last().waitFor();
await page.getByTestId("export").click();
const [d] = await Promise.all([page.waitForEvent("download"), page.getByTestId("export-submit").click()]);
console.log("download", d.suggestedFilename());
console.log(await page.evaluate(() => [...document.fonts].map((f) => f.family + " " + f.status)));
await page.getByTestId("transfer").waitFor();
await page.waitForTimeout(800);
await page.getByTestId("reveal").click();
await page.waitForTimeout(300);
console.log(await page.getByTestId("identity-phone").textContent());
await page.getByTestId("transfer").click();
await page.getByTestId("transfer-to").click();
await page.getByTestId("transfer-option").first().click();
await page.getByTestId("transfer-note").fill("Cliente espera visita");
await page.getByTestId("transfer-submit").click();
await page.locator("[data-testid=lock][data-lock=queue]").waitFor({ timeout: 5000 });
console.log("transferred", await page.getByTestId("item").last().textContent());
await page.screenshot({ path: "/tmp/shots/built.png" });
console.log(await page.evaluate(() => document.querySelectorAll("*").length), "nodes");
await browser.close();
server.close();
process.exit(0);
