/** Errors as the server words them (RFC 9457), and the few that only a client can know. */
import type { Problem } from "./types";

export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.title);
    this.name = "ProblemError";
    this.problem = problem;
  }
}

export const clientProblem = (code: string, title: string): Problem => ({ status: 0, code, title });

export const UNREACHABLE = clientProblem("unreachable", "The server cannot be reached.");
export const STORE_CHANGED = clientProblem(
  "store_changed",
  "The server was restored from a backup. Check the conversation before sending this again.",
);

export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  return clientProblem("unexpected", error instanceof Error ? error.message : "Unexpected error.");
}

/** Reads an error answer; anything that is not a problem document becomes one. */
export async function problemFrom(answer: Response): Promise<Problem> {
  try {
    const body: unknown = await answer.json();
    if (body && typeof body === "object" && "code" in body && typeof body.code === "string") {
      return body as Problem;
    }
  } catch {
    // Not JSON: a proxy answered instead of Balcão.
  }
  const code = answer.status >= 500 ? "unavailable" : "unexpected";
  return { status: answer.status, code, title: `The server answered ${answer.status}.` };
}
