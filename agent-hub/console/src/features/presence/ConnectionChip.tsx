/** Whether what one sees is what is. Silent while live; says so in words when not. */
import { Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useLink } from "../../api/hooks";
import classes from "./ConnectionChip.module.css";

export function ConnectionChip() {
  const { t } = useTranslation();
  const link = useLink();
  return (
    <Tooltip label={t(`link.${link}_hint`)} multiline w={220}>
      <span className={classes.chip} data-testid="connection" data-state={link} role="status">
        <span className={classes.dot} aria-hidden="true" />
        <span className={classes.words}>{t(`link.${link}`)}</span>
      </span>
    </Tooltip>
  );
}
