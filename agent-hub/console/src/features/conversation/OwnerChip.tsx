/** Who acts: bot, queue, me, a colleague by name. Icon and word, never colour alone. */
import {
  IconCircleCheck,
  IconHeadset,
  IconHourglass,
  IconMoonStars,
  IconRobotFace,
  IconUser,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useFloor, useSession } from "../../api/hooks";
import type { ConversationView } from "../../api/types";
import { Chip, type Tone } from "../../ui/Chip";
import { type Owner, ownerOf } from "./owner";

const LOOK: Record<Owner, { tone: Tone; icon: ReactNode }> = {
  bot: { tone: "bot", icon: <IconRobotFace aria-hidden="true" /> },
  queue: { tone: "amber", icon: <IconHourglass aria-hidden="true" /> },
  me: { tone: "accent", icon: <IconHeadset aria-hidden="true" /> },
  colleague: { tone: "plain", icon: <IconUser aria-hidden="true" /> },
  closed: { tone: "plain", icon: <IconCircleCheck aria-hidden="true" /> },
  snoozed: { tone: "plain", icon: <IconMoonStars aria-hidden="true" /> },
};

export function OwnerChip({ head }: { head: ConversationView }) {
  const { t } = useTranslation();
  const session = useSession();
  const { agents } = useFloor();
  const owner = ownerOf(head, session?.agent.id ?? "");
  const name = owner === "colleague" ? agents.find((one) => one.id === head.agent_id)?.name : undefined;
  return (
    <Chip tone={LOOK[owner].tone} icon={LOOK[owner].icon} title={name}>
      {name ?? t(`owner.${owner}`)}
    </Chip>
  );
}
