/** A program of ours as a child: started when it says so, ended when asked, its output kept for the day it fails. */
import { type ChildProcess, spawn } from "node:child_process";

const SPEAKS_WITHIN_MS = 90_000;
const ENDS_WITHIN_MS = 40_000;
const KEPT_LINES = 60;

export class Program {
  private readonly kept: string[] = [];
  private readonly ended: Promise<number | null>;
  private stopping = false;

  private constructor(
    private readonly name: string,
    private readonly child: ChildProcess,
  ) {
    this.ended = new Promise((resolve) => child.once("close", resolve));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => this.keep(text.split("\n")));
  }

  /** Starts it and returns what it printed until the line that begins with `last`: first word to rest. */
  static async start(
    name: string,
    path: string,
    args: readonly string[],
    last: string,
    settings: Record<string, string> = {},
  ): Promise<[Program, Map<string, string>]> {
    // Our own settings must not reach the system under test.
    const env = Object.entries(process.env).filter(([key]) => !key.startsWith("BALCAO_"));
    const child = spawn(path, args, {
      env: { ...Object.fromEntries(env), ...settings },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const program = new Program(name, child);
    return [program, await program.told(last)];
  }

  private told(last: string): Promise<Map<string, string>> {
    return new Promise((resolve, reject) => {
      const told = new Map<string, string>();
      const fail = (why: string) => reject(new Error(`${this.name} ${why}\n${this.kept.join("\n")}`));
      const patience = setTimeout(() => fail(`did not say "${last}"`), SPEAKS_WITHIN_MS);
      this.child.once("error", (error) => fail(`does not start: ${error.message}`));
      void this.ended.then((code) => fail(`ended with ${code}`));
      let rest = "";
      this.child.stdout?.setEncoding("utf8").on("data", (text: string) => {
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        this.keep(lines);
        for (const line of lines) {
          const [word = "", ...more] = line.split(" ");
          told.set(word, more.join(" "));
          if (word !== last) continue;
          clearTimeout(patience);
          resolve(told);
        }
      });
    });
  }

  private keep(lines: readonly string[]): void {
    this.kept.push(...lines.filter((line) => line !== ""));
    this.kept.splice(0, Math.max(0, this.kept.length - KEPT_LINES));
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    this.stopping = true;
    this.child.kill("SIGKILL");
    await this.ended;
  }

  /** SIGTERM and a good end, as an operator expects it. */
  async stop(): Promise<void> {
    if (this.stopping) return;
    this.stopping = true;
    this.child.kill("SIGTERM");
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), ENDS_WITHIN_MS);
    });
    const code = await Promise.race([this.ended, late]);
    clearTimeout(timer);
    if (code === "late") this.child.kill("SIGKILL");
    if (code !== 0) throw new Error(`${this.name} ended with ${code}\n${this.kept.join("\n")}`);
  }
}
