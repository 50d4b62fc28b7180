/** Why the case ends; answerable with the keyboard alone. */
import { Button, Radio, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ConversationView } from "../../api/types";
import { Dialog } from "../../ui/Dialog";
import classes from "./Dialog.module.css";
import { REASONS, type Reason } from "./reasons";
import { useActions } from "./useActions";

export default function ResolveDialog({ head, onClose }: { head: ConversationView; onClose: () => void }) {
  const { t } = useTranslation();
  const { resolve } = useActions(head);
  const [reason, setReason] = useState<Reason>("solved");
  const [custom, setCustom] = useState("");

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const words = (reason === "other" && custom.trim()) || reason;
    resolve.mutate(words, { onSuccess: onClose });
  };

  return (
    <Dialog title={t("resolve.title")} onClose={onClose} testId="resolve-dialog">
      <form className={classes.form} onSubmit={submit}>
        <Radio.Group
          label={t("resolve.reason")}
          value={reason}
          onChange={(value) => setReason(value as Reason)}
          data-testid="resolve-reason"
        >
          <Stack gap={9} mt={8}>
            {REASONS.map((one, at) => (
              <Radio
                key={one}
                value={one}
                label={t(`resolve.reason_${one}`)}
                data-autofocus={at === 0 || undefined}
                data-testid={`resolve-reason-${one}`}
              />
            ))}
          </Stack>
        </Radio.Group>
        {reason === "other" && (
          <TextInput
            size="sm"
            label={t("resolve.custom")}
            maxLength={64}
            value={custom}
            onChange={(event) => setCustom(event.currentTarget.value)}
            data-testid="resolve-custom"
          />
        )}
        <div className={classes.buttons}>
          <Button variant="default" size="sm" onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button type="submit" size="sm" loading={resolve.isPending} data-testid="resolve-submit">
            {t("resolve.submit")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
