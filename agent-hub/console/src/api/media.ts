/** Files: fetched with the bearer token into memory, never by an address that others could use; uploads tell how far they are. */
import { call } from "./client";
import { clientProblem, ProblemError, UNREACHABLE } from "./problem";
import { session } from "./session";
import type { MediaKind, Problem, UploadAnswer, Uuid } from "./types";

const FETCH_TIMEOUT_MS = 120_000;
const UPLOAD_TIMEOUT_MS = 600_000;

export type Variant = "file" | "thumbnail";

export async function fetchFile(id: Uuid, variant: Variant): Promise<Blob> {
  const answer = await call(
    "GET",
    `/media/${id}${variant === "thumbnail" ? "/thumbnail" : ""}`,
    undefined,
    FETCH_TIMEOUT_MS,
  );
  return answer.blob();
}

/** Asks the channel for a file again that could not be fetched. */
export const fetchAgain = async (id: Uuid): Promise<void> => void (await call("POST", `/media/${id}/retry`));

export interface UploadHooks {
  signal: AbortSignal;
  /** 0 to 1. */
  onProgress: (share: number) => void;
}

/** XMLHttpRequest, because fetch does not tell how much has left. */
export async function upload(file: File, kind: MediaKind, hooks: UploadHooks): Promise<UploadAnswer> {
  const token = await session.token();
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const cancel = () => request.abort();
    request.open("POST", `/api/v1/media?kind=${kind}`);
    request.timeout = UPLOAD_TIMEOUT_MS;
    request.setRequestHeader("authorization", `Bearer ${token ?? ""}`);
    request.setRequestHeader("content-type", file.type || "application/octet-stream");
    request.setRequestHeader(
      "content-disposition",
      `attachment; filename*=UTF-8''${encodeURIComponent(file.name)}`,
    );
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) hooks.onProgress(event.loaded / event.total);
    };
    request.onload = () => {
      hooks.signal.removeEventListener("abort", cancel);
      const answer = read(request.responseText);
      if (request.status >= 200 && request.status < 300) resolve(answer as UploadAnswer);
      else reject(new ProblemError(problemOf(answer, request.status)));
    };
    request.onerror = () => reject(new ProblemError(UNREACHABLE));
    request.ontimeout = () => reject(new ProblemError(UNREACHABLE));
    request.onabort = () => reject(new ProblemError(clientProblem("aborted", "Cancelled.")));
    hooks.signal.addEventListener("abort", cancel);
    request.send(file);
  });
}

function read(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function problemOf(answer: unknown, status: number): Problem {
  if (answer && typeof answer === "object" && "code" in answer) return answer as Problem;
  if (status === 413) return { status, code: "too_large", title: "The file is too large." };
  return {
    status,
    code: status >= 500 ? "unavailable" : "unexpected",
    title: `The server answered ${status}.`,
  };
}
