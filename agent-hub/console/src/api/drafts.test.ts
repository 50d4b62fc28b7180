// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from "vitest";
import { clearDrafts, hasDraft, readDraft, writeDraft } from "./drafts";

describe("drafts", () => {
  beforeEach(() => sessionStorage.clear());

  it("are kept per conversation and per kind", () => {
    writeDraft("c1", "send", "Olá");
    writeDraft("c1", "note", "Lembrar");
    expect(readDraft("c1", "send")).toBe("Olá");
    expect(readDraft("c1", "note")).toBe("Lembrar");
    expect(hasDraft("c2")).toBe(false);
  });

  it("go when emptied, and all at log-out, and nothing else goes with them", () => {
    sessionStorage.setItem("other", "stays");
    writeDraft("c1", "send", "Olá");
    writeDraft("c2", "send", "Oi");
    writeDraft("c1", "send", "");
    expect(hasDraft("c1")).toBe(false);
    clearDrafts();
    expect(hasDraft("c2")).toBe(false);
    expect(sessionStorage.getItem("other")).toBe("stays");
  });
});
