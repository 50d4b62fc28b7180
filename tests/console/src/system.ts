/**
 * `balcao demo` and a second node on the same database and Redis, in a folder of their own that goes away with them.
 * Nothing of it is mocked.
 */
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Program } from "./program.ts";

const ROOT = resolve(import.meta.dirname, "../../..");

export interface Account {
  role: string;
  email: string;
  password: string;
}

/** A further node of the installation. */
export interface Node {
  console: string;
  /** `kill -9`. */
  kill: () => Promise<void>;
  /** The same node again, at the same doors. */
  startAgain: () => Promise<void>;
}

export interface System {
  /** The console of the demo's own node, and of the second one. */
  consoles: readonly [string, string];
  simulator: string;
  /** The owner's, for looking inside. */
  database: string;
  account: (name: string) => Account;
  startNode: () => Promise<Node>;
  stop: () => Promise<void>;
}

const DOORS = ["console", "webhook", "operations"] as const;
const setting = (door: string) => `BALCAO__LISTEN__${door.toUpperCase()}`;
const ANY_DOORS: Record<string, string> = Object.fromEntries(
  DOORS.map((door) => [setting(door), "127.0.0.1:0"]),
);

function balcao(): string {
  const target = process.env.CARGO_TARGET_DIR ?? join(ROOT, "target");
  const path = resolve(process.env.BALCAO_BIN ?? join(target, "debug", "balcao"));
  if (!existsSync(path)) {
    throw new Error(`${path} is missing: cargo build -p balcao -p simulator, or set BALCAO_BIN`);
  }
  return path;
}

export async function startSystem(): Promise<System> {
  const program = balcao();
  const folder = await mkdtemp(join(tmpdir(), "balcao-console-"));
  const running: Program[] = [];
  const stop = async () => {
    try {
      for (const one of running.reverse()) await one.stop();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
  try {
    const demoArgs = ["demo", "--no-open", "--data", folder, "--port-base", "0"];
    const [demo] = await Program.start("balcao demo", program, demoArgs, "ready");
    running.push(demo);
    const told = JSON.parse(await readFile(join(folder, "demo.json"), "utf8"));
    const serve = async (settings: Record<string, string>) => {
      const [node, doors] = await Program.start(
        "balcao serve",
        program,
        ["--data", folder, "serve"],
        "ready",
        settings,
      );
      running.push(node);
      return { node, doors };
    };
    const startNode = async (): Promise<Node> => {
      let { node, doors } = await serve(ANY_DOORS);
      const same = { ...ANY_DOORS };
      for (const door of DOORS) same[setting(door)] = new URL(String(doors.get(door))).host;
      return {
        console: String(doors.get("console")),
        kill: () => node.kill(),
        startAgain: async () => {
          ({ node } = await serve(same));
        },
      };
    };
    const second = await startNode();
    const accounts: Account[] = told.accounts;
    return {
      consoles: [told.console_url, second.console],
      simulator: told.simulator_url,
      database: told.database_url,
      account: (name) => {
        const found = accounts.find((one) => one.email.startsWith(`${name}@`));
        if (!found) throw new Error(`demo.json knows no ${name}`);
        return found;
      },
      startNode,
      stop,
    };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}
