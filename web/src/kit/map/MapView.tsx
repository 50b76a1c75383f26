// A map of places: clustered, live, on a map of the world that needs no server (or on a tile server's).
//
// It is loaded when it is first shown. What can be done on it can be done in the list beside it, too.
import { Skeleton } from "@mantine/core";
import { lazy, type ReactNode, Suspense } from "react";
import type { Place } from "./clusters";

export type { Place } from "./clusters";

export interface Point {
  latitude: number;
  longitude: number;
}

export interface MapViewProps {
  label: string;
  places: readonly Place[];
  // The id of the place that is shown as chosen; it is brought into view.
  selected?: string | null;
  onSelect?: (id: string | null) => void;
  // What stands beside the chosen place.
  popover?: (place: Place) => ReactNode;
  // False draws every place by itself.
  cluster?: boolean;
  // A button that asks the browser where one is, and goes there.
  locateMe?: boolean;
  onLocated?: (point: Point) => void;
  // A point of its own, such as where one is or what is being placed.
  pin?: Point | null;
  // Called with where somebody clicked beside the places.
  onPick?: (point: Point) => void;
  // What is drawn has moved: [west, south, east, north].
  onMoved?: (bounds: [number, number, number, number]) => void;
  height?: string | number;
}

const MapCanvas = lazy(() => import("./MapCanvas"));

export function MapView(props: MapViewProps) {
  return (
    <Suspense fallback={<Skeleton height={props.height ?? 420} />}>
      <MapCanvas {...props} />
    </Suspense>
  );
}
