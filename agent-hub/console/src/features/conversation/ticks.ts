/**
 * Meta's error codes in plain words with the next step.
 * https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes
 */
import type ptBR from "../../i18n/pt-BR.json";

type Word = keyof typeof ptBR.meta_error;

const WORDS: Readonly<Record<number, Word>> = {
  4: "rate",
  10: "account",
  100: "format",
  190: "account",
  200: "account",
  368: "policy",
  470: "window",
  80007: "rate",
  130429: "rate",
  130472: "opted_out",
  130497: "policy",
  131000: "temporary",
  131005: "account",
  131008: "format",
  131009: "format",
  131016: "temporary",
  131021: "undeliverable",
  131026: "undeliverable",
  131030: "undeliverable",
  131031: "account",
  131037: "account",
  131042: "account",
  131045: "account",
  131047: "window",
  131048: "rate",
  131049: "opted_out",
  131050: "opted_out",
  131051: "format",
  131052: "media",
  131053: "media",
  131056: "rate",
  131057: "temporary",
  133004: "temporary",
  133010: "account",
};

export function metaErrorWord(code: number): Word {
  if (code >= 132000 && code < 133000) return "template";
  return WORDS[code] ?? "generic";
}
