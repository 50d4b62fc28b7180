/** A problem in the reader's language: our words for a known code, the server's for any other. */
import type { TFunction } from "i18next";
import type { Problem } from "../api/types";
import type ptBR from "../i18n/pt-BR.json";

type Code = keyof typeof ptBR.problem;

export function problemText(t: TFunction, problem: Problem): string {
  const known = t(`problem.${problem.code as Code}`, { defaultValue: "" });
  // Which field, and its limit: only the server knows.
  if (known && problem.code === "invalid" && problem.detail) return `${known} ${problem.detail}`;
  return known || [problem.title, problem.detail].filter(Boolean).join(" ");
}
