/** Which other record is the same person, of those whose conversations one sees. */
import { Button, Radio, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useList } from "../../api/hooks";
import { keys } from "../../api/keys";
import { problemOf } from "../../api/problem";
import type { ContactView, ConversationView } from "../../api/types";
import { Avatar } from "../../ui/Avatar";
import { Dialog } from "../../ui/Dialog";
import { notice } from "../../ui/notice";
import { problemText } from "../../ui/problem";
import dialog from "../conversation/Dialog.module.css";
import classes from "./MergeDialog.module.css";

const SHOWN = 8;

export default function MergeDialog({ contact, onClose }: { contact: ContactView; onClose: () => void }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const open = useList("all");
  const closed = useList("closed");
  const [search, setSearch] = useState("");
  const [other, setOther] = useState("");
  const people = useMemo(
    () => candidates([...(open?.rows ?? []), ...(closed?.rows ?? [])], contact.id),
    [open, closed, contact.id],
  );
  const wanted = search.trim().toLocaleLowerCase();
  const found = people.filter((one) => matches(one, wanted)).slice(0, SHOWN);
  const merge = useMutation({
    mutationFn: () => api.merge(contact.id, other),
    onSuccess: () => {
      notice.done(t("merge.done"));
      void cache.invalidateQueries({ queryKey: keys.contact(contact.id) });
      onClose();
    },
    onError: (error) => notice.failed(problemText(t, problemOf(error))),
  });
  const name = contact.name ?? contact.phone_masked ?? t("contact.unnamed");
  return (
    <Dialog title={t("merge.title")} onClose={onClose} testId="merge-dialog">
      <form
        className={dialog.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (other) merge.mutate();
        }}
      >
        <p className={classes.explain}>{t("merge.explain", { name })}</p>
        <TextInput
          size="sm"
          data-autofocus
          leftSection={<IconSearch size={15} aria-hidden="true" />}
          label={t("merge.search")}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          data-testid="merge-search"
        />
        <Radio.Group value={other} onChange={setOther} aria-label={t("merge.title")}>
          <div className={classes.list}>
            {found.map(({ contact: one, protocol, channel_name }) => (
              <Radio.Card
                key={one.id}
                value={one.id}
                className={classes.person}
                data-testid="merge-candidate"
              >
                <Radio.Indicator />
                <Avatar id={one.id} name={one.name ?? "?"} size={30} />
                <span className={classes.words}>
                  <strong>{one.name ?? t("contact.unnamed")}</strong>
                  <span>{[one.phone_masked, channel_name, protocol].filter(Boolean).join(" · ")}</span>
                </span>
              </Radio.Card>
            ))}
            {found.length === 0 && <p className={classes.explain}>{t("merge.nobody")}</p>}
          </div>
        </Radio.Group>
        <div className={dialog.buttons}>
          <Button variant="default" size="sm" onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button
            type="submit"
            size="sm"
            disabled={!other}
            loading={merge.isPending}
            data-testid="merge-submit"
          >
            {t("merge.submit")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Each person once, with their newest case; oneself and the erased left out. */
function candidates(rows: readonly ConversationView[], self: string): ConversationView[] {
  const seen = new Set([self]);
  return rows.filter(({ contact }) => {
    if (contact.erased || seen.has(contact.id)) return false;
    seen.add(contact.id);
    return true;
  });
}

const matches = ({ contact, protocol }: ConversationView, wanted: string): boolean =>
  [contact.name, contact.phone_masked, protocol].some((one) => one?.toLocaleLowerCase().includes(wanted));
