/** Takes the pictures of the README: `npm run screenshots`. Looks only; the facts are tested in specs/. */
import { resolve } from "node:path";
import type { Page } from "@playwright/test";
import type { Desk } from "../src/desk.ts";
import { Phone } from "../src/phone.ts";
import { expect, test } from "../src/test.ts";
import { CUSTOMERS, DIEGO, EMMA, MARINA, play, RUI, say } from "./morning.ts";
import { moveBack } from "./past.ts";

const IMAGES = resolve(import.meta.dirname, "../../../docs/images");

async function picture(page: Page, name: string): Promise<void> {
  await page.mouse.move(720, 4);
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: `${IMAGES}/${name}.png`, animations: "disabled", caret: "hide" });
}

test("a morning at the counter", async ({ desk, door, open, system, request }) => {
  await Promise.all(CUSTOMERS.map((customer) => play(request, system.simulator, customer)));
  const ana = await desk("ana");
  const carla = await desk("carla");
  await carla.view("all");
  const ids = new Map<string, string>();
  for (const { name } of CUSTOMERS) {
    ids.set(name, (await carla.row(name).getAttribute("data-conversation-id")) ?? "");
  }

  await test.step("people take what they can", async () => {
    await take(ana, MARINA.name);
    await ana.note("Já teve troca de roteador em setembro. Prefere visita pela manhã.");
    await ana.reply("Bom dia, Marina! Aqui é a Ana. Vi que o sinal óptico está fraco desde ontem à noite.");
    await say(request, system.simulator, MARINA, "Isso, e à noite piora bastante");
    await expect(ana.item("à noite piora")).toBeVisible();
    await ana.reply("Entendi. Posso agendar um técnico para amanhã, entre 8h e 12h. Fica bom para você?");
    await say(request, system.simulator, MARINA, "Fica ótimo, obrigada! 🙏");
    await expect(ana.item("Fica ótimo")).toBeVisible();
    await take(ana, EMMA.name);
    await ana.reply("Hi Emma, this is Ana. There is an outage in your street; a crew is already on it.");
    await say(request, system.simulator, EMMA, "Thanks. Do you know when it will be back?");
    await expect(ana.item("when it will be back")).toBeVisible();
    await ana.reply("We expect it by noon. I will write to you here as soon as it is repaired.");
    await take(ana, DIEGO.name);
    await ana.reply("Buenos días, Diego. Déjeme ver su pago, un momento por favor.");
    const bruno = await desk("bruno", { node: 1 });
    await take(bruno, "João Inventado");
    await bruno.reply("Oi, João! A visita está confirmada para as 9h.");
    await take(bruno, "Clínica Bom Teste");
    await bruno.reply("Bom dia! A nota fiscal foi enviada ao e-mail cadastrado.");
    await bruno.resolve("solved");
  });

  await test.step("an hour passes", async () => {
    for (const { name, minutes } of CUSTOMERS) {
      await moveBack(system.database, ids.get(name) ?? "", minutes);
    }
  });

  await test.step("pictures", async () => {
    await picture((await door({ locale: "pt-BR" })).page, "login");
    const light = await desk("ana");
    await light.page.goto(new URL(`/inbox/queue/${ids.get(MARINA.name)}`, light.page.url()).href);
    await expect(light.item("Fica ótimo")).toBeVisible();
    await expect(light.page.getByTestId("view-mine")).toContainText("3");
    await expect(light.page.getByTestId("identity-bsuid")).toBeVisible();
    await picture(light.page, "console-pt-BR-light");

    const dark = await desk("ana", { locale: "en", scheme: "dark" });
    await dark.language("en");
    await dark.view("mine");
    await dark.open(EMMA.name);
    await expect(dark.page.getByTestId("identity-bsuid")).toBeVisible();
    await picture(dark.page, "console-en-dark");

    const spanish = await desk("ana", { locale: "es" });
    await spanish.language("es");
    await spanish.view("mine");
    await spanish.open(DIEGO.name);
    await spanish.page.getByTestId("tab-note").click();
    await spanish.composer.fill("El pago del lunes no aparece en el sistema; pedí el comprobante.");
    await expect(spanish.page.getByTestId("identity-bsuid")).toBeVisible();
    await picture(spanish.page, "console-es-light");

    const phone = new Phone(await open(system.simulator, { viewport: { width: 1280, height: 890 } }));
    await phone.take(RUI.phone);
    await phone.pick("Minha conexão");
    await expect(phone.received("Mais alguma coisa?")).toBeVisible();
    await phone.page.locator(".phone").screenshot({ path: `${IMAGES}/phone.png`, animations: "disabled" });
  });
});

async function take(agent: Desk, customer: string): Promise<void> {
  await agent.view("queue");
  await agent.open(customer);
  await agent.claim();
}
