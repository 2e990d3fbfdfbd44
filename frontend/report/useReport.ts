import { useSyncExternalStore } from "react";
import { sessionPath, useApi } from "@/api/queries";
import { SESSION } from "./data/answers";
import { lastLive, lastReceived, watch } from "./data/files";
import type { FileName, LiveFile } from "./data/types";

/** Where the session stands, as was read last; null before the first time. */
export const useLiveFile = (): LiveFile | null => useSyncExternalStore(watch, lastLive);

/** When it was read last, in seconds; 0 where that was before the page was opened. */
export const useReceived = (): number => useSyncExternalStore(watch, lastReceived);

/** A file that tells of the whole session; null while it is not there. */
export const useFile = <T>(name: FileName): T | null =>
  useApi<T | null>(sessionPath(SESSION, `/files/${name}`)).data ?? null;
