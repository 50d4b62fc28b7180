/** A dialog with a named way out. Focus goes in, stays in, and comes back where it was. */
import { Modal } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

export function Dialog(props: {
  title: string;
  onClose: () => void;
  testId: string;
  /** In pixels; Mantine's own width when absent. */
  size?: number;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={props.title}
      {...(props.size ? { size: props.size } : {})}
      closeButtonProps={{ "aria-label": t("common.close") }}
      data-testid={props.testId}
    >
      {props.children}
    </Modal>
  );
}
