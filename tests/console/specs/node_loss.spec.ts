/** A node dies under an agent's hands: the console says so, comes back by itself, and nothing is missing or double. */
import { expect, test } from "../src/test.ts";

// A dead node refuses connections, and Chromium reports each.
test.use({ provoked: /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_INCOMPLETE|WebSocket/ });

test("a killed node costs an agent neither a message nor a word", async ({ phone, desk, system }) => {
  const customer = "Cliente 4363";
  const node = await system.startNode();
  const ana = await desk("ana", { console: node.console });
  await phone.add("5511955504363");
  await phone.write("atendente");
  await ana.open(customer);
  await ana.claim();
  await ana.reply("Oi! Já estou vendo.");
  // A send whose call the dead node had begun would be uncertain, and is rightly not sent again.
  await expect(ana.item("Oi! Já estou vendo.")).toHaveAttribute("data-ticks", "read");
  const loaded = await ana.loadedAt();

  await node.kill();
  await expect(ana.connection).toHaveAttribute("data-state", "offline");
  await phone.write("ainda está aí?");
  await ana.composer.fill("Estou, um instante.");
  await ana.page.getByTestId("send").click();
  await expect(ana.page.getByTestId("pending")).toBeVisible();

  await node.startAgain();
  await expect(ana.connection).toHaveAttribute("data-state", "live", { timeout: 20_000 });
  await expect(ana.item("ainda está aí?")).toBeVisible();
  await expect(phone.received("Estou, um instante.")).toBeVisible();
  await expect(ana.item("Estou, um instante.")).toHaveAttribute("data-ticks", "read");
  await expect(ana.page.getByTestId("pending")).toHaveCount(0);
  await expect(phone.received("Estou, um instante.")).toHaveCount(1);
  expect(await ana.loadedAt(), "the page was not loaded again").toBe(loaded);
});
