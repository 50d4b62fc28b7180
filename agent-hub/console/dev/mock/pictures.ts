/** Bytes of files for the invented server: a picture drawn here, silence, a page of PDF. */
import { deflateSync } from "node:zlib";

const WIDTH = 480;
const HEIGHT = 360;

/** A router's lights on a dark box, as PNG. */
export function picture(): Buffer {
  const rows: Buffer[] = [];
  for (let y = 0; y < HEIGHT; y += 1) {
    const row = Buffer.alloc(1 + WIDTH * 3);
    for (let x = 0; x < WIDTH; x += 1) row.set(pixel(x, y), 1 + x * 3);
    rows.push(row);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(WIDTH, 0);
  header.writeUInt32BE(HEIGHT, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.concat(rows))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function pixel(x: number, y: number): [number, number, number] {
  const light = Math.floor((x - 60) / 72);
  const inRow = y > 190 && y < 214 && light >= 0 && light < 5 && (x - 60) % 72 < 24;
  if (inRow) return light === 3 ? [224, 52, 46] : [78, 208, 126];
  const box = x > 30 && x < WIDTH - 30 && y > 110 && y < 260;
  const shade = box ? 44 + Math.floor(y / 12) : 190 + Math.floor((x + y) / 20);
  return [shade, shade + 3, shade + 6];
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  out.set(body, 4);
  out.writeUInt32BE(crc(body), body.length + 4);
  return out;
}

function crc(bytes: Buffer): number {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}

/** Four seconds of silence, as WAV: browsers play it whatever the announced type is. */
export function silence(): Buffer {
  const samples = 8_000 * 4;
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + samples, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8_000, 24);
  head.writeUInt32LE(8_000, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write("data", 36);
  head.writeUInt32LE(samples, 40);
  return Buffer.concat([head, Buffer.alloc(samples, 128)]);
}

export const pdf = (): Buffer => Buffer.from("%PDF-1.4\n%invented\n%%EOF\n");
