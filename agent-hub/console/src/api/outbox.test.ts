// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from "vitest";
import { item } from "./fixtures";
import { accept, keep, load, type Pending, refuse, refuseAll, settle, without } from "./outbox";
import { STORE_CHANGED } from "./problem";

const pending = (client_ref: string, over: Partial<Pending> = {}): Pending => ({
  client_ref,
  conversation_id: "c1",
  kind: "send",
  text: "Oi",
  epoch: 1,
  at: "2026-03-02T12:00:00Z",
  state: "sending",
  ...over,
});

describe("what is on its way", () => {
  it("goes once the stored order shows it, by its reference", () => {
    const list = [pending("a"), pending("b")];
    expect(settle(list, "c1", [item(1, { client_ref: "a" })]).map((one) => one.client_ref)).toEqual(["b"]);
  });

  it("goes by its seq when the item carries no reference", () => {
    const list = accept([pending("a")], "a", 7);
    expect(settle(list, "c1", [item(6)])).toHaveLength(1);
    expect(settle(list, "c1", [item(7)])).toHaveLength(0);
  });

  it("stays when another conversation has the same seq", () => {
    const list = accept([pending("a", { conversation_id: "c2" })], "a", 7);
    expect(settle(list, "c1", [item(7)])).toHaveLength(1);
  });

  it("keeps its words when refused, with the reason", () => {
    const problem = { status: 409, code: "not_owner", title: "Claim it first." };
    const [refused] = refuse([pending("a")], "a", problem);
    expect(refused).toMatchObject({ state: "refused", text: "Oi", problem });
    expect(without([pending("a")], "a")).toEqual([]);
  });

  it("waits for a person after a restore instead of being sent again", () => {
    expect(refuseAll([pending("a")], STORE_CHANGED)[0]).toMatchObject({
      state: "refused",
      problem: STORE_CHANGED,
    });
  });
});

describe("a reload", () => {
  beforeEach(() => sessionStorage.clear());

  it("finds what was not accepted yet, with the same reference", () => {
    const list = [pending("a"), ...accept([pending("b")], "b", 3)];
    keep({ store_epoch: "e1", list });
    expect(load()).toEqual({ store_epoch: "e1", list: [pending("a")] });
  });

  it("finds nothing when all is stored or the kept text is unreadable", () => {
    keep({ store_epoch: "e1", list: [] });
    expect(load().list).toEqual([]);
    sessionStorage.setItem("balcao.outbox", "{");
    expect(load().list).toEqual([]);
  });
});
