/** Why WhatsApp did not take something, in the server's sentences; the console's own words stand in until they are here. */
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import type { ErrorCodes, Locale } from "../../api/types";
import { metaErrorWord } from "./ticks";

/** The codes ascend without overlap. */
export function sentenceOf(table: ErrorCodes, code: number, locale: Locale): string {
  const known = table.codes.find((one) => one.first <= code && code <= one.last);
  return (known?.sentence ?? table.otherwise)[locale];
}

export function useFailure(code: number, wanted: boolean): string {
  const { t, i18n } = useTranslation();
  const { data } = useQuery({
    queryKey: keys.errorCodes,
    queryFn: api.errorCodes,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
    enabled: wanted,
  });
  const sentence = data && sentenceOf(data, code, i18n.language as Locale);
  return sentence || t(`meta_error.${metaErrorWord(code)}`, { code });
}
