import { describe, expect, it } from "vitest";
import type { Attached } from "../../api/uploads";
import { attachable, MAX_BYTES } from "./attachable";
import { messagesOf } from "./composing";

const of = (type: string, size: number) => attachable({ type, size });

describe("what may be attached", () => {
  it("is sorted as phones show it", () => {
    expect(of("image/jpeg", 10)).toEqual({ kind: "image", as_document: false });
    expect(of("video/mp4; codecs=avc1", 10)).toEqual({ kind: "video", as_document: false });
    expect(of("audio/ogg", 10)).toEqual({ kind: "audio", as_document: false });
    expect(of("image/webp", 10)).toEqual({ kind: "document", as_document: false });
    expect(of("", 10)).toEqual({ kind: "document", as_document: false });
  });

  it("goes as a document when it is too large for its sort", () => {
    expect(of("image/png", MAX_BYTES.image)).toEqual({ kind: "image", as_document: false });
    expect(of("image/png", MAX_BYTES.image + 1)).toEqual({ kind: "document", as_document: true });
  });

  it("is neither empty nor beyond every limit", () => {
    expect(of("image/png", 0)).toMatchObject({ fault: "empty" });
    expect(of("application/pdf", MAX_BYTES.document + 1)).toMatchObject({ fault: "too_large" });
  });
});

describe("words and files", () => {
  const file = (kind: Attached["kind"], name: string): Attached => ({
    key: name,
    file: new File(["x"], name),
    kind,
    as_document: false,
    state: "ready",
    share: 1,
    id: `id of ${name}`,
  });
  const captions = (text: string, files: Attached[]) =>
    messagesOf(text, files).map(({ text: shown, content }) =>
      content?.kind === "media" ? [content.media.file, content.media.caption] : shown,
    );

  it("are one message when a file takes words", () => {
    expect(captions(" olá ", [file("image", "a"), file("document", "b")])).toEqual([
      ["id of a", "olá"],
      ["id of b", undefined],
    ]);
  });

  it("go one after the other when no file takes words", () => {
    expect(captions("olá", [file("audio", "a")])).toEqual(["olá", ["id of a", undefined]]);
  });

  it("are the words alone, or the files alone", () => {
    expect(captions("olá", [])).toEqual(["olá"]);
    expect(captions("  ", [file("audio", "a")])).toEqual([["id of a", undefined]]);
    expect(captions(" ", [])).toEqual([]);
  });

  it("name a document as its owner did", () => {
    const [message] = messagesOf("", [file("document", "mapa.pdf")]);
    expect(message?.content).toMatchObject({ media: { file_name: "mapa.pdf" } });
  });
});
