import { useStationPage } from "../context";
import { Notes } from "./Notes";

// What people wrote down about this station.
export default function StationNotes() {
  const { station, zone } = useStationPage();
  return <Notes about={`station:${station.id}`} zone={zone} />;
}
