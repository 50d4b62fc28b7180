/** Two records of one person: a supervisor joins them, sees what was taken in, and parts them again. */
import { expect, test } from "../src/test.ts";

test("a supervisor joins two records and parts them again; an agent is not offered it", async ({ phone, desk }) => {
  await phone.add("5511955506402");
  await phone.write("atendente");
  await phone.add("5511955506401");
  await phone.write("atendente");
  const carla = await desk("carla");
  await carla.view("all");
  await expect(carla.row("Cliente 6402")).toBeVisible();
  await carla.open("Cliente 6401");

  await carla.page.getByTestId("merge-open").click();
  await carla.page.getByTestId("merge-search").fill("6402");
  await carla.page.getByTestId("merge-candidate").click();
  await carla.page.getByTestId("merge-submit").click();
  await expect(carla.page.getByTestId("merge")).toHaveCount(1);
  await expect(carla.row("Cliente 6402")).toHaveCount(0);

  await carla.page.getByTestId("merge-split").click();
  await carla.page.getByTestId("merge-split").click();
  await expect(carla.page.getByTestId("merge")).toHaveCount(0);

  const ana = await desk("ana");
  await ana.view("all");
  // Of the two open cases the older one went on; it is with its own customer again.
  await ana.open("Cliente 6402");
  await expect(ana.page.getByTestId("contact-panel")).toBeVisible();
  await expect(ana.page.getByTestId("merge-open")).toHaveCount(0);
});
