/** The buttons under a template: only what was approved knows them. */

import { buttonsOf } from "../../template/shape";
import { useTemplates } from "../../template/useTemplates";
import { Choices } from "./Asked";

export function TemplateButtons(props: { channelId: string; name: string; language: string }) {
  const { data } = useTemplates(props.channelId);
  const found = data?.find((one) => one.name === props.name && one.language === props.language);
  const titles = found ? buttonsOf(found.components).map((button) => button.text) : [];
  return titles.length > 0 ? <Choices titles={titles} /> : null;
}
