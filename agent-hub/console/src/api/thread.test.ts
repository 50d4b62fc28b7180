import { describe, expect, it } from "vitest";
import { frame, head, item } from "./fixtures";
import { applyFrame, fromMessages, hasOlder, prependOlder, type Thread, withHead } from "./thread";

const seqs = (thread: Thread) => thread.items.map((one) => one.seq);

function applied(thread: Thread | undefined, ...frames: Parameters<typeof applyFrame>[1][]): Thread {
  let now = thread;
  for (const one of frames) {
    const outcome = applyFrame(now, one);
    if (outcome.kind !== "applied") throw new Error(`not applied: ${outcome.kind}`);
    now = outcome.thread;
  }
  if (!now) throw new Error("no frame");
  return now;
}

const opened = () => applied(undefined, frame(0, 5, [item(3), item(4), item(5)]));

describe("opening a conversation", () => {
  it("takes a frame that builds on nothing as the whole view", () => {
    const thread = opened();
    expect(seqs(thread)).toEqual([3, 4, 5]);
    expect(thread.rev).toBe(5);
    expect(hasOlder(thread)).toBe(true);
  });

  it("does not mistake a change to an unknown conversation for the whole view", () => {
    expect(applyFrame(undefined, frame(7, 8, [item(9)]))).toEqual({ kind: "reread" });
  });

  it("opens an empty conversation", () => {
    expect(applied(undefined, frame(0, 0, [])).items).toEqual([]);
  });
});

describe("following a conversation", () => {
  it("applies a frame that builds on what we have", () => {
    const thread = applied(opened(), frame(5, 6, [item(6)]));
    expect(seqs(thread)).toEqual([3, 4, 5, 6]);
    expect(thread.rev).toBe(6);
    expect(thread.head.last_rev).toBe(6);
  });

  it("applies a frame that overlaps what we have", () => {
    const thread = applied(opened(), frame(3, 7, [item(5), item(6), item(7)]));
    expect(seqs(thread)).toEqual([3, 4, 5, 6, 7]);
    expect(thread.rev).toBe(7);
  });

  it("replaces an item by its current state", () => {
    const thread = applied(
      opened(),
      frame(5, 6, [item(6, { direction: "out", ticks: "queued" })]),
      frame(6, 8, [item(6, { direction: "out", ticks: "read" })]),
    );
    expect(thread.items.at(-1)?.ticks).toBe("read");
    expect(seqs(thread)).toEqual([3, 4, 5, 6]);
  });

  it("drops a duplicate and an older frame", () => {
    const thread = applied(opened(), frame(5, 6, [item(6)]));
    expect(applyFrame(thread, frame(5, 6, [item(6)]))).toEqual({ kind: "dropped" });
    expect(applyFrame(thread, frame(2, 4, [item(4)]))).toEqual({ kind: "dropped" });
  });

  it("asks for the changes after its rev when some are missing", () => {
    expect(applyFrame(opened(), frame(6, 7, [item(7)]))).toEqual({ kind: "gap", after_rev: 5 });
  });

  it("reads anew when applying would leave a hole in the order", () => {
    expect(applyFrame(opened(), frame(5, 9, [item(8)]))).toEqual({ kind: "reread" });
  });

  it("orders items by seq however a frame lists them", () => {
    expect(seqs(applied(opened(), frame(5, 8, [item(8), item(6), item(7)])))).toEqual([3, 4, 5, 6, 7, 8]);
  });

  it("never goes back to an older head", () => {
    const claimed = withHead(opened(), head({ last_rev: 9, epoch: 2 }));
    expect(applied(claimed, frame(5, 6, [], { epoch: 1 })).head.epoch).toBe(2);
    expect(withHead(claimed, head({ last_rev: 8, epoch: 1 })).head.epoch).toBe(2);
  });
});

describe("after a resync", () => {
  it("the view read by REST replaces everything", () => {
    const thread = fromMessages({ conversation: head({ last_rev: 2 }), items: [item(2), item(1)], rev: 2 });
    expect(seqs(thread)).toEqual([1, 2]);
    expect(thread.rev).toBe(2);
    expect(hasOlder(thread)).toBe(false);
  });
});

describe("older items", () => {
  const page = (rev: number) => ({ conversation: head(), items: [item(1), item(2)], rev });

  it("come in front", () => {
    const thread = prependOlder(opened(), page(5));
    expect(seqs(thread)).toEqual([1, 2, 3, 4, 5]);
    expect(thread.rev).toBe(5);
  });

  it("keep a change that came while their page was on its way", () => {
    const changed = applied(opened(), frame(5, 6, [item(2, { edited: true })]));
    expect(seqs(changed)).toEqual([3, 4, 5]);
    expect(prependOlder(changed, page(5)).items[1]?.edited).toBe(true);
  });

  it("take the page's word when the page is newer", () => {
    const changed = applied(opened(), frame(5, 6, [item(2, { edited: true })]));
    expect(prependOlder(changed, page(6)).items[1]?.edited).toBe(false);
  });

  it("are not taken when they do not join what we have", () => {
    const thread = applied(undefined, frame(0, 9, [item(9)]));
    expect(prependOlder(thread, page(9))).toBe(thread);
  });
});
