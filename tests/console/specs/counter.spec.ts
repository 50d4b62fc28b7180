/** The counter opens: a customer, the bot, two agents on two nodes, end to end. */
import { SOON_MS } from "../src/desk.ts";
import { invoicesOf } from "../src/provider.ts";
import { expect, test } from "../src/test.ts";

test("a customer is answered by the bot, then by one person, then by another on a second node", async ({
  phone,
  desk,
  system,
  request,
}) => {
  const number = "5511955504318";
  const customer = "Cliente 4318";
  const other = "5511955504310";
  const ana = await desk("ana");
  const bruno = await desk("bruno", { node: 1 });
  const loaded = [await ana.loadedAt(), await bruno.loadedAt()];

  await test.step("the bot greets and answers with facts from the back office", async () => {
    await phone.add(other);
    await phone.add(number);
    await phone.write("oi");
    await expect(phone.received("Como posso ajudar?")).toBeVisible();
    await phone.pick("2ª via da fatura");
    const invoices = await invoicesOf(request, system.simulator, number);
    expect(invoices).toHaveLength(2);
    for (const { amount, due } of invoices) {
      await expect(phone.received(amount).filter({ hasText: due }).first()).toBeVisible();
    }
  });

  await test.step("who asks for a person appears at the agents, nothing reloaded", async () => {
    await expect(ana.row(customer)).toHaveCount(0);
    await phone.write("atendente");
    await expect(phone.received("Sua posição na fila")).toBeVisible();
    await expect(ana.row(customer)).toBeVisible({ timeout: SOON_MS });
    await expect(ana.row(customer)).toHaveAttribute("data-owner", "queue");
    await ana.open(customer);
    await expect(ana.page.getByTestId("handoff-card")).toBeVisible();
  });

  await test.step("one agent claims, and everybody sees it", async () => {
    await ana.claim();
    await expect(bruno.row(customer)).toHaveCount(0, { timeout: SOON_MS });
  });

  await test.step("the reply reaches the phone; delivered, then read, reach the agent", async () => {
    await request.put(`${system.simulator}/sim/faults`, { data: { no_read: true } });
    await phone.take(other);
    await ana.reply("Oi! Aqui é a Ana. Já vi as suas duas faturas.");
    const reply = ana.item("Já vi as suas duas faturas.");
    await expect(reply).toHaveAttribute("data-ticks", "delivered");
    await phone.take(number);
    await expect(phone.received("Já vi as suas duas faturas.")).toBeVisible();
    await expect(reply).toHaveAttribute("data-ticks", "read", { timeout: SOON_MS });
    await request.put(`${system.simulator}/sim/faults`, { data: {} });
  });

  await test.step("what the customer writes is in the open conversation at once; the bot stays silent", async () => {
    await phone.write("Obrigada, Ana. E o sinal caiu.");
    await expect(ana.item("E o sinal caiu.")).toBeVisible({ timeout: SOON_MS });
    await ana.reply("Vou passar para quem cuida disso.");
    await expect(phone.received("Vou passar para quem cuida disso.")).toBeVisible();
    await expect(phone.received(/Mais alguma coisa|não entendi/)).toHaveCount(1);
  });

  await test.step("a note is for colleagues only", async () => {
    await ana.note("Prefere visita pela manhã.");
    await ana.reply("Só um instante.");
    await expect(phone.received("Só um instante.")).toBeVisible();
    await expect(phone.page.getByText("Prefere visita pela manhã.")).toHaveCount(0);
  });

  await test.step("a transfer reaches the other team's agent on the second node", async () => {
    await ana.transferToTeam("Financeiro", "Rever a fatura vencida.");
    await bruno.view("queue");
    await expect(bruno.row(customer)).toBeVisible({ timeout: SOON_MS });
    await bruno.open(customer);
    await expect(bruno.item("Prefere visita pela manhã.")).toHaveAttribute("data-kind", "note");
    await expect(bruno.item("Rever a fatura vencida.")).toBeVisible();
    await expect(ana.composer).toHaveCount(0, { timeout: SOON_MS });
  });

  await test.step("who takes it there replies and resolves", async () => {
    await bruno.claim();
    await bruno.reply("Boa tarde, aqui é o Bruno. Retirei a multa.");
    await expect(phone.received("Retirei a multa.")).toBeVisible();
    await expect(bruno.item("Retirei a multa.")).toHaveAttribute("data-ticks", "read");
    await bruno.resolve("solved");
    await bruno.view("closed");
    await expect(bruno.row(customer)).toHaveAttribute("data-state", "closed");
  });

  expect([await ana.loadedAt(), await bruno.loadedAt()], "no page was loaded again").toEqual(loaded);
});
