/** How Meta judges a template, at a glance and in words. */
import { useTranslation } from "react-i18next";
import { Chip } from "../../ui/Chip";
import { qualityTone, qualityWord, statusTone, statusWord } from "./words";

export function StatusChip({ status }: { status: string }) {
  const { t } = useTranslation();
  return <Chip tone={statusTone(status)}>{statusWord(t, status)}</Chip>;
}

/** Nothing while Meta has no opinion. */
export function QualityChip({ quality }: { quality: string }) {
  const { t } = useTranslation();
  const tone = qualityTone(quality);
  return tone ? <Chip tone={tone}>{qualityWord(t, quality)}</Chip> : null;
}
