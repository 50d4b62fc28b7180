/** Files, both ways: what the customer photographs is seen by those who may, what an agent attaches reaches the phone. */
import { SOON_MS } from "../src/desk.ts";
import { pdf, picture } from "../src/samples.ts";
import { expect, test } from "../src/test.ts";

test("a picture from the phone appears, opens, and is private", async ({ phone, desk, request, system }) => {
  const number = "5511955506101";
  const ana = await desk("ana");
  await phone.add(number);
  await phone.write("atendente");
  await expect(ana.row("Cliente 6101")).toBeVisible();
  await ana.open("Cliente 6101");
  await ana.claim();

  await phone.photograph();
  const item = ana.items.filter({ has: ana.page.getByTestId("media-open") }).last();
  const shown = item.getByTestId("media-image");
  await expect(shown).toBeVisible();
  await expect(shown).toHaveAttribute("src", /^blob:/);
  const width = () => shown.evaluate((image: HTMLImageElement) => image.naturalWidth);
  await expect.poll(width).toBeGreaterThan(0);

  let address = "";
  await test.step("it opens large, and Escape brings back", async () => {
    const answer = ana.page.waitForResponse((one) => /\/api\/v1\/media\/[^/]+$/.test(one.url()));
    await item.getByTestId("media-open").click();
    const file = await answer;
    await expect(ana.page.getByTestId("lightbox-image")).toBeVisible();
    await ana.page.keyboard.press("Escape");
    await expect(ana.page.getByTestId("lightbox-image")).toHaveCount(0);

    // Its address is of no use to anybody without the token.
    address = file.url();
    const stranger = await request.get(address);
    expect(stranger.status()).toBe(401);
    expect(file.headers()["cache-control"]).toContain("no-store");
  });

  await test.step("it follows its conversation: who may no longer see the one sees no file either", async () => {
    const { email, password } = system.account("ana");
    const [console] = system.consoles;
    const session = await request.post(`${console}/api/v1/session`, { data: { email, password, client: "api" } });
    const { access_token } = (await session.json()) as { access_token: string };
    const headers = { authorization: `Bearer ${access_token}` };
    expect((await request.get(address, { headers })).status()).toBe(200);
    await ana.transferToTeam("Financeiro", "Ver a luz.");
    await expect(ana.composer).toHaveCount(0);
    expect((await request.get(address, { headers })).status()).toBe(404);
  });
});

test("an agent attaches files and the phone shows them", async ({ phone, desk }) => {
  const number = "5511955506102";
  const ana = await desk("ana");
  await phone.add(number);
  await phone.write("atendente");
  await expect(ana.row("Cliente 6102")).toBeVisible();
  await ana.open("Cliente 6102");
  await ana.claim();

  await ana.attach(
    { name: "mapa.png", mimeType: "image/png", buffer: picture() },
    { name: "contrato.pdf", mimeType: "application/pdf", buffer: pdf() },
  );
  await expect(ana.page.locator('[data-testid="attachment"][data-state="ready"]')).toHaveCount(2);
  await ana.composer.fill("Segue o mapa da rede.");
  await ana.page.getByTestId("send").click();

  await expect(phone.ofType("image").filter({ hasText: "Segue o mapa da rede." })).toBeVisible();
  await expect(phone.ofType("document").filter({ hasText: "contrato.pdf" })).toBeVisible();
  await expect(ana.item("Segue o mapa da rede.")).toHaveAttribute("data-ticks", /delivered|read/);
  await expect(ana.item("Segue o mapa da rede.").getByTestId("media-image")).toBeVisible();
  await expect(ana.item("contrato.pdf").getByTestId("media-download")).toBeVisible();

  await test.step("what WhatsApp would not take is said before it leaves", async () => {
    await ana.page.getByTestId("attach-input").setInputFiles({
      name: "vazio.pdf",
      mimeType: "application/pdf",
      buffer: Buffer.alloc(0),
    });
    await expect(ana.page.getByRole("alert").filter({ hasText: "vazio.pdf" })).toBeVisible();
    await expect(ana.page.getByTestId("attachment")).toHaveCount(0);
  });
});

test("what happens to a message later is seen in place: reactions both ways, an edit, a deletion", async ({
  phone,
  desk,
}) => {
  const number = "5511955506103";
  const ana = await desk("ana");
  await phone.add(number);
  await phone.write("atendente");
  await expect(ana.row("Cliente 6103")).toBeVisible();
  await ana.open("Cliente 6103");
  await ana.claim();
  await ana.reply("Pode desligar e ligar de novo?");
  await expect(phone.received("Pode desligar e ligar de novo?")).toBeVisible();

  await test.step("the customer's emoji is under the agent's words", async () => {
    await phone.react(phone.received("Pode desligar e ligar de novo?"), "👍");
    const reaction = ana.item("Pode desligar e ligar de novo?").getByTestId("reaction");
    await expect(reaction).toHaveText("👍", { timeout: SOON_MS });
    await expect(reaction).toHaveAccessibleName(/Cliente 6103.*👍/);
  });

  await test.step("the agent's emoji reaches the phone, and comes off again", async () => {
    await phone.write("Funcionou, obrigado");
    const item = ana.item("Funcionou, obrigado");
    await expect(item).toBeVisible();
    await ana.react(item, "❤️");
    await expect(phone.sent("Funcionou, obrigado").last()).toContainText("❤️");
    await item.getByTestId("reaction").click();
    await expect(item.getByTestId("reaction")).toHaveCount(0);
    await expect(phone.sent("Funcionou, obrigado").last()).not.toContainText("❤️");
  });

  await test.step("the keyboard alone reacts to the newest message", async () => {
    await ana.page.keyboard.press("Alt+r");
    await expect(ana.page.getByTestId("emoji").first()).toBeFocused();
    await ana.page.keyboard.press("ArrowRight");
    await ana.page.keyboard.press("Enter");
    await expect(ana.item("Funcionou, obrigado").getByTestId("reaction")).toHaveText("❤️");
  });

  await test.step("an edit shows the new words and says so", async () => {
    await phone.edit(phone.sent("Funcionou, obrigado").last(), "Funcionou por um minuto");
    const item = ana.item("Funcionou por um minuto");
    await expect(item).toBeVisible({ timeout: SOON_MS });
    await expect(item.getByTestId("edited")).toBeVisible();
  });

  await test.step("a deletion leaves its place and takes the words", async () => {
    await phone.delete(phone.sent("Funcionou por um minuto").last());
    await expect(ana.item("Funcionou por um minuto")).toHaveCount(0, { timeout: SOON_MS });
    await expect(ana.page.locator('[data-testid="item"][data-kind="revoked"]')).toHaveCount(1);
  });
});
