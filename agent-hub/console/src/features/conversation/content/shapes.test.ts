import { describe, expect, it } from "vitest";
import {
  addressCard,
  answersOf,
  coordinates,
  length,
  mapUrl,
  money,
  orderOf,
  size,
  webAddress,
} from "./shapes";

describe("an address card", () => {
  it("is read as WhatsApp gives it", () => {
    const card = addressCard({
      name: { formatted_name: "Ana Exemplo", first_name: "Ana" },
      org: { company: "Exemplo" },
      phones: [{ phone: "+55 11 90000-1000", type: "CELL" }, { wa_id: "5511900001001" }, {}],
      emails: [{ email: "ana@exemplo.test" }],
    });
    expect(card.name).toBe("Ana Exemplo");
    expect(card.company).toBe("Exemplo");
    expect(card.phones).toEqual([
      { value: "+55 11 90000-1000", label: "cell" },
      { value: "5511900001001", label: undefined },
    ]);
    expect(card.emails).toEqual(["ana@exemplo.test"]);
  });

  it("is empty, never an error, when it is of another shape", () => {
    for (const odd of [null, "x", 3, [], { name: 5, phones: "x", emails: {} }]) {
      expect(addressCard(odd)).toEqual({ name: undefined, company: undefined, phones: [], emails: [] });
    }
  });
});

describe("an order", () => {
  const line = (item_price: unknown, quantity: unknown, currency = "BRL") => ({
    product_retailer_id: "A",
    item_price,
    quantity,
    currency,
  });

  it("adds up", () => {
    const order = orderOf({ text: "à tarde", product_items: [line(249.9, 1), line("35", "2")] });
    expect(order.sum).toBeCloseTo(319.9);
    expect(order.currency).toBe("BRL");
    expect(order.note).toBe("à tarde");
  });

  it("has no sum when a price is missing or currencies differ", () => {
    expect(orderOf({ product_items: [line(undefined, 1)] }).sum).toBeUndefined();
    expect(orderOf({ product_items: [line(1, 1), line(1, 1, "USD")] }).sum).toBeUndefined();
  });

  it("shows an amount also in a currency that nobody knows", () => {
    expect(money("en", 2, "BRL")).toContain("2.00");
    expect(money("en", 2, "not a code")).toBe("2 not a code");
  });
});

describe("the answers of a form", () => {
  it("are question and answer without the form's own marks", () => {
    expect(
      answersOf({
        screen_0_full_name_0: "Ana",
        screen_1_turno_1: "0_Manhã",
        flow_token: "t",
        itens: ["a", "b"],
      }),
    ).toEqual([
      ["Full name", "Ana"],
      ["Turno", "Manhã"],
      ["Itens", "a, b"],
    ]);
  });

  it("may come as text, and may be nothing", () => {
    expect(answersOf('{"cep":"01000-000"}')).toEqual([["Cep", "01000-000"]]);
    expect(answersOf("no json")).toEqual([]);
    expect(answersOf(null)).toEqual([]);
  });
});

describe("what may be followed", () => {
  it("is a page of the web and nothing else", () => {
    expect(webAddress("https://example.com/a")?.host).toBe("example.com");
    for (const odd of ["javascript:alert(1)", "data:text/html,x", "/a", "", null]) {
      expect(webAddress(odd)).toBeUndefined();
    }
  });

  it("is a place as a map wants it", () => {
    expect(coordinates(-23.5, 46.123_456_78)).toBe("-23.500000, 46.123457");
    expect(mapUrl(-23.5, 46.1)).toContain("mlat=-23.5&mlon=46.1");
  });
});

describe("figures", () => {
  it("are read by people", () => {
    expect(size("en", 0)).toBe("0 byte");
    expect(size("en", 90_000)).toBe("90 kB");
    expect(size("en", 5_242_880)).toBe("5.2 MB");
    expect(length(193)).toBe("3:13");
    expect(length(-1)).toBe("0:00");
  });
});
