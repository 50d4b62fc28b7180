/** To another team's queue or straight to a colleague, with words for whoever gets it. */
import { Button, SegmentedControl, Select, Textarea } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useFloor, useSession } from "../../api/hooks";
import type { ConversationView } from "../../api/types";
import { Dialog } from "../../ui/Dialog";
import classes from "./Dialog.module.css";
import { useActions } from "./useActions";

type Target = "team" | "agent";

export default function TransferDialog({ head, onClose }: { head: ConversationView; onClose: () => void }) {
  const { t } = useTranslation();
  const { teams, agents } = useFloor();
  const me = useSession()?.agent.id;
  const { transfer } = useActions(head);
  const [target, setTarget] = useState<Target>("team");
  const [picked, setPicked] = useState<string | null>(null);
  const [note, setNote] = useState("");

  const choices =
    target === "team"
      ? teams.map((team) => ({ value: team.id, label: team.name }))
      : agents
          .filter((agent) => agent.id !== me && agent.id !== head.agent_id)
          .map((agent) => ({ value: agent.id, label: `${agent.name} · ${t(`presence.${agent.presence}`)}` }));

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!picked) return;
    const words = note.trim();
    const to = target === "team" ? { team_id: picked } : { agent_id: picked };
    transfer.mutate({ ...to, ...(words ? { note: words } : {}) }, { onSuccess: onClose });
  };

  return (
    <Dialog title={t("transfer.title")} onClose={onClose} testId="transfer-dialog">
      <form className={classes.form} onSubmit={submit}>
        <SegmentedControl
          fullWidth
          value={target}
          onChange={(value) => {
            setTarget(value as Target);
            setPicked(null);
          }}
          data-testid="transfer-target"
          data={[
            { value: "team", label: t("transfer.to_team") },
            { value: "agent", label: t("transfer.to_agent") },
          ]}
        />
        <Select
          size="sm"
          label={t(target === "team" ? "transfer.team" : "transfer.agent")}
          placeholder={t(target === "team" ? "transfer.pick_team" : "transfer.pick_agent")}
          nothingFoundMessage={t("palette.nothing")}
          data={choices}
          value={picked}
          onChange={setPicked}
          renderOption={({ option }) => (
            <span data-testid="transfer-option" data-value={option.value}>
              {option.label}
            </span>
          )}
          searchable
          openOnFocus={false}
          data-autofocus
          data-testid="transfer-to"
        />
        <Textarea
          size="sm"
          label={t("transfer.note")}
          placeholder={t("transfer.note_placeholder")}
          autosize
          minRows={3}
          maxRows={8}
          maxLength={4096}
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
          data-testid="transfer-note"
        />
        <div className={classes.buttons}>
          <Button variant="default" size="sm" onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button
            type="submit"
            size="sm"
            disabled={!picked}
            loading={transfer.isPending}
            data-testid="transfer-submit"
          >
            {t("transfer.submit")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
