/** The templates of a number, read when somebody needs them. */
import { useQuery } from "@tanstack/react-query";
import { keys } from "../../api/keys";
import { office } from "../../api/office";
import type { Uuid } from "../../api/types";

const FRESH_MS = 60_000;

export const useTemplates = (channelId: Uuid, wanted = true) =>
  useQuery({
    queryKey: keys.templates(channelId),
    queryFn: () => office.templates(channelId),
    staleTime: FRESH_MS,
    enabled: wanted,
  });
