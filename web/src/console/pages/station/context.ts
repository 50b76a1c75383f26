// What all parts of a station's page share: the station, its running sessions, and the ways to act.

import { createContext, useContext } from "react";
import type { CommandDraft } from "../../commands";
import type { Schemas, StationView } from "./queries";

export interface StationPage {
  station: StationView;
  running: Schemas["SessionView"][];
  zone?: string;
  // Open the dialog with this command; without one, with the choice of all.
  command: (draft?: CommandDraft) => void;
  // Go to a tab of this page.
  go: (tab: string, more?: Record<string, string>) => void;
}

export const StationContext = createContext<StationPage | null>(null);

export function useStationPage(): StationPage {
  const page = useContext(StationContext);
  if (!page) throw new Error("Only on the page of a station.");
  return page;
}
