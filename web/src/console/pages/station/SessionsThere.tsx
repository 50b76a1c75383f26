// The sessions of this station.
import { SessionsTable } from "../sessions/SessionsTable";
import { useStationPage } from "./context";

export default function SessionsThere() {
  const { station, zone } = useStationPage();
  return <SessionsTable station={station.id} zone={zone} />;
}
