import { describe, expect, it } from "vitest";
import type { AgentView, ConversationView, Role } from "../../api/types";
import { lockOf, mayClaim, mayHandle, ownerOf } from "./owner";

const NOW = Date.parse("2026-03-02T12:00:00Z");
const head = (over: Partial<ConversationView>) =>
  ({
    status: "open",
    handler: "agent",
    agent_id: "me",
    window_until: "2026-03-02T13:00:00Z",
    ...over,
  }) as ConversationView;
const person = (role: Role) => ({ id: "me", role }) as AgentView;

describe("who acts", () => {
  it("is told apart for bot, queue, me, colleague and closed", () => {
    expect(ownerOf(head({ handler: "bot", agent_id: null }), "me")).toBe("bot");
    expect(ownerOf(head({ handler: "queue", agent_id: null }), "me")).toBe("queue");
    expect(ownerOf(head({}), "me")).toBe("me");
    expect(ownerOf(head({ agent_id: "other" }), "me")).toBe("colleague");
    expect(ownerOf(head({ status: "resolved" }), "me")).toBe("closed");
  });
});

describe("the composer", () => {
  it("is free only for the owner inside the window", () => {
    expect(lockOf(head({}), "me", NOW)).toBeNull();
    expect(lockOf(head({ handler: "bot", agent_id: null }), "me", NOW)).toBe("bot");
    expect(lockOf(head({ agent_id: "other" }), "me", NOW)).toBe("colleague");
    expect(lockOf(head({ status: "resolved" }), "me", NOW)).toBe("closed");
  });

  it("takes only a template when the window closed or never opened", () => {
    expect(lockOf(head({ window_until: "2026-03-02T12:00:00Z" }), "me", NOW)).toBe("window");
    expect(lockOf(head({ window_until: null }), "me", NOW)).toBe("window");
  });
});

describe("taking over", () => {
  it("is open to all from bot and queue, and to supervisors from a colleague", () => {
    expect(mayClaim(head({ handler: "bot", agent_id: null }), person("agent"))).toBe(true);
    expect(mayClaim(head({ agent_id: "other" }), person("agent"))).toBe(false);
    expect(mayClaim(head({ agent_id: "other" }), person("supervisor"))).toBe(true);
    expect(mayClaim(head({ status: "resolved" }), person("admin"))).toBe(false);
  });

  it("gives the owner and supervisors the right to close or transfer", () => {
    expect(mayHandle(head({}), person("agent"))).toBe(true);
    expect(mayHandle(head({ agent_id: "other" }), person("agent"))).toBe(false);
    expect(mayHandle(head({ agent_id: "other" }), person("supervisor"))).toBe(true);
  });
});
