/** After 24 hours only an approved template may leave: the console offers one, and the phone gets it. */
import { closeWindow } from "../src/database.ts";
import { expect, test } from "../src/test.ts";

test("a closed window offers templates, and the customer reads the one that was filled in", async ({
  phone,
  desk,
  system,
}) => {
  const number = "5511955506201";
  const customer = "Cliente 6201";
  const ana = await desk("ana");
  await phone.add(number);
  await phone.write("atendente");
  await expect(ana.row(customer)).toBeVisible();
  const id = await ana.row(customer).getAttribute("data-conversation-id");
  await closeWindow(system.database, String(id));
  await ana.open(customer);
  await ana.page.getByTestId("claim").click();

  const lock = ana.page.locator('[data-testid="lock"][data-lock="window"]');
  await expect(lock).toBeVisible();
  await lock.getByTestId("template-open").click();
  await ana.page.getByTestId("template-search").fill("retomar");
  await ana.page.getByTestId("template-entry").click();
  await expect(ana.page.getByTestId("template-send")).toBeDisabled();
  const slots = ana.page.getByTestId("template-slot");
  await slots.nth(0).fill("Cliente");
  await slots.nth(1).fill("20261120-0001");
  await expect(ana.page.getByTestId("template-preview")).toContainText("Olá, Cliente! Temos novidades");
  await ana.page.getByTestId("template-send").click();

  await expect(phone.received("Olá, Cliente! Temos novidades sobre o seu atendimento 20261120-0001.")).toBeVisible();
  const item = ana.item("Temos novidades sobre o seu atendimento");
  await expect(item).toHaveAttribute("data-kind", "template");
  await expect(item).toHaveAttribute("data-ticks", /delivered|read/);
});
