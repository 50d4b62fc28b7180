/** A file as an address that only this page knows; it ends when nobody shows it. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { keys } from "../../../api/keys";
import { fetchFile, type Variant } from "../../../api/media";
import type { Uuid } from "../../../api/types";

/** Bytes of customers do not stay in memory long after they left the screen. */
const KEPT_MS = 60_000;

export function useFile(id: Uuid, variant: Variant, wanted: boolean) {
  const query = useQuery({
    queryKey: keys.file(id, variant),
    queryFn: () => fetchFile(id, variant),
    enabled: wanted,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: KEPT_MS,
  });
  const [url, setUrl] = useState<string>();
  const blob = query.data;
  useEffect(() => {
    if (!blob) return;
    const made = URL.createObjectURL(blob);
    setUrl(made);
    return () => {
      setUrl(undefined);
      URL.revokeObjectURL(made);
    };
  }, [blob]);
  return { url, error: query.error, busy: query.isFetching, again: query.refetch };
}
